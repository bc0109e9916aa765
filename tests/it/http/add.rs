//! `/pks/add`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Response, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::world::{World, shown, text};

pub(super) const ALICE: &str = include_str!("../../data/http/alice.asc");
pub(super) const ALICE_FINGERPRINT: &str = "2d074b0bb649dc3459362be1b4081168d4a5e7cc";
const BOB_FINGERPRINT: &str = "265a29835e697033cf66e236a39e08584704c58d";
const REVOCATION: &str = include_str!("../../data/http/alice-revocation.asc");
const BOB: &str = include_str!("../../data/http/bob.asc");
const BOB_SECRET: &str = include_str!("../../data/http/bob-secret.asc");

const FORM: &str = "application/x-www-form-urlencoded";

fn form(keytext: &str) -> String {
    format!("keytext={}", utf8_percent_encode(keytext, NON_ALPHANUMERIC))
}

fn dearmored(block: &str) -> Vec<u8> {
    let body: String = block.lines().skip_while(|line| !line.is_empty()).take_while(|l| !l.starts_with('=')).collect();
    STANDARD.decode(body).unwrap()
}

async fn add(world: &World, content_type: &str, body: impl Into<axum::body::Body>) -> Response<Bytes> {
    world.post("/pks/add", content_type, body).await
}

/// Every packing that clients and scripts use stores the certificate, which can then be looked up.
#[tokio::test]
async fn every_packing_is_taken() {
    let part = |name: &str, value: &str| {
        format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let multipart = format!("{}{}--xyz--\r\n", part("options", "json"), part("keytext", ALICE));
    let armored = ALICE.as_bytes().to_vec();
    for (content_type, body) in [
        (FORM, form(ALICE).into_bytes()),
        ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", form(ALICE).into_bytes()),
        (FORM, format!("options=json&x=y&{}", form(ALICE)).into_bytes()),
        (FORM, format!("options=mr&{}", form(&ALICE.replace('\n', "\r\n"))).into_bytes()),
        ("multipart/form-data; boundary=xyz", multipart.into_bytes()),
        ("application/pgp-keys", armored.clone()),
        ("application/octet-stream", armored),
        ("application/pgp", dearmored(ALICE)),
        ("application/pgp-keys; armor=no", dearmored(ALICE)),
    ] {
        let world = World::new().await;
        let response = add(&world, content_type, body).await;
        assert_eq!(response.status(), StatusCode::OK, "{content_type}: {}", text(&response));
        let lookup = format!("/pks/lookup?op=get&search=0x{ALICE_FINGERPRINT}");
        assert_eq!(dearmored(text(&world.get(&lookup).await)), dearmored(ALICE), "{content_type}");
    }
}

/// The object that programs read: new, then known, then revoked.
#[tokio::test]
async fn outcomes_are_told_apart() {
    let world = World::new().await;
    let both = format!("{}&options=json", form(&format!("{ALICE}\n{BOB}")));
    insta::assert_snapshot!(shown(&add(&world, FORM, form(ALICE) + "&options=json").await));
    let alice = format!("{{\"version\":4,\"fingerprint\":\"{ALICE_FINGERPRINT}\"}}");
    let bob = format!("{{\"version\":4,\"fingerprint\":\"{BOB_FINGERPRINT}\"}}");
    for (content_type, body, expected) in [
        (FORM, both.into_bytes(), format!("{{\"inserted\":[{bob}],\"ignored\":[{alice}]}}\n")),
        (FORM, (form(REVOCATION) + "&options=mr").into_bytes(), format!("{{\"updated\":[{alice}]}}\n")),
        ("application/pgp", dearmored(REVOCATION), format!("{{\"ignored\":[{alice}]}}\n")),
    ] {
        assert_eq!(text(&add(&world, content_type, body).await), expected);
    }
}

/// A certificate without valid self-signature is reported with the reason, beside those that are stored.
#[tokio::test]
async fn rejected_certificates_have_their_reason() {
    let world = World::new().await;
    let mut bare = dearmored(ALICE);
    bare.truncate(usize::from(bare[1]) + 2);
    let stream = [bare, dearmored(BOB)].concat();
    let expected = format!(
        "{{\"inserted\":[{{\"version\":4,\"fingerprint\":\"{BOB_FINGERPRINT}\"}}],\
         \"invalid\":[{{\"version\":4,\"fingerprint\":\"{ALICE_FINGERPRINT}\",\
         \"comment\":\"no valid self-signatures\"}}]}}\n"
    );
    assert_eq!(text(&add(&world, "application/pgp", stream).await), expected);
}

/// People get a page. Seahorse takes the word "error" on it for a failure.
#[tokio::test]
async fn people_get_a_page() {
    let world = World::new().await;
    let response = add(&world, FORM, form(ALICE)).await;
    assert!(!text(&response).to_lowercase().contains("error"));
    insta::assert_snapshot!(shown(&response));
}

/// What holds no certificate is refused with the reason, and its status says whose mistake it is.
#[tokio::test]
async fn useless_submissions_are_refused() {
    let world = World::new().await;
    let damaged = ALICE.replacen("=\n=", "!\n=", 1).replacen("\n\nx", "\n\n!", 1);
    for (content_type, body, status, words) in [
        (FORM, String::new(), 400, "keytext is missing"),
        (FORM, "keytext=".into(), 400, "keytext is missing"),
        (FORM, "keytext=hello".into(), 400, "no armored block"),
        ("application/pgp", String::new(), 400, "keytext is missing"),
        ("multipart/form-data", String::new(), 400, "boundary"),
        ("multipart/form-data; boundary=xyz", "--xyz".into(), 400, "parts"),
        ("application/json", "{}".into(), 415, "content type"),
        (FORM, form(&damaged), 422, "damaged"),
        ("application/pgp", "\u{7f}nonsense".into(), 400, "no armored block"),
        (FORM, form(REVOCATION), 422, "not known here"),
        (FORM, form(BOB_SECRET), 422, "secret key"),
    ] {
        let response = add(&world, content_type, body.clone()).await;
        assert_eq!(response.status(), status, "{body}: {}", text(&response));
        assert!(text(&response).contains(words), "{body}: {}", text(&response));
    }
    assert_eq!(world.keyring.total().await.unwrap(), 0);
}

/// A hard revocation turns the answer into the revocation alone, which GnuPG can import.
#[tokio::test]
async fn a_revocation_replaces_the_certificate() {
    let world = World::new().await;
    add(&world, FORM, form(ALICE)).await;
    add(&world, FORM, form(REVOCATION)).await;
    let lookup = format!("/pks/lookup?op=get&search=0x{ALICE_FINGERPRINT}");
    let answered = dearmored(text(&world.get(&lookup).await));
    assert_eq!(answered.len(), dearmored(REVOCATION).len());
}
