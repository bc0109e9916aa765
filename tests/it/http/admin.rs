//! `/pks/delete` and `/pks/replace`.

mod keys;
mod replace;
mod replays;

use std::time::{Duration, SystemTime};

use axum::body::Body;
use bytes::Bytes;
use hockeypuck::domain::Fingerprint;
use hockeypuck::http::HttpSettings;
use hockeypuck::keyring::Outcome;
use http::{Request, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sequoia_openpgp::types::ReasonForRevocation;

use super::world::{World, now, send, settings, text};
use crate::support::administrator::{Administrator, armored, armored_certificate};
use crate::support::certificates::split;
use crate::support::{certs, forge};

const FORM: &str = "application/x-www-form-urlencoded";
const DAY: Duration = Duration::from_secs(86_400);

/// What the server takes for the present.
fn today() -> SystemTime {
    now().into()
}

/// A year ago, when administrators make their keys.
fn long_ago() -> SystemTime {
    today() - 365 * DAY
}

fn form(text: &str, signature: &str) -> String {
    let encoded = |value| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    format!("keytext={}&keysig={}", encoded(text), encoded(signature))
}

/// The text of a request to delete the certificate with these packets.
fn deletion(packets: &[u8]) -> String {
    format!("/pks/delete\n{}", armored_certificate(packets))
}

fn fingerprint(cert: &certs::Owned) -> String {
    cert.fingerprint().to_lowercase()
}

/// A server whose only administrator is this one, with the administrator's certificate.
async fn world_of(administrator: &Administrator) -> World {
    let world = without_certificate(administrator).await;
    submit(&world, &administrator.packets()).await;
    world
}

async fn without_certificate(administrator: &Administrator) -> World {
    let admin_keys = vec![administrator.fingerprint()];
    World::with_settings(HttpSettings { admin_keys, ..settings() }).await
}

async fn submit(world: &World, packets: &[u8]) {
    let submission = world.keyring.submit(Bytes::copy_from_slice(packets)).await.unwrap();
    assert!(submission.results.iter().all(|one| !matches!(one.outcome, Outcome::Rejected(_))), "{submission:?}");
}

async fn post(world: &World, path: &str, text: &str, signature: &str) -> Response<Bytes> {
    world.post(path, FORM, form(text, signature)).await
}

async fn delete(world: &World, text: &str, signature: &str) -> Response<Bytes> {
    post(world, "/pks/delete", text, signature).await
}

async fn is_stored(world: &World, fingerprint: &str) -> bool {
    let fingerprint: Fingerprint = fingerprint.parse().unwrap();
    !world.store.merge_bases(&[fingerprint]).await.unwrap().is_empty()
}

/// A signed request deletes the certificate that it holds and no other, and is answered as Hockeypuck does.
#[tokio::test]
async fn certificates_are_deleted() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let [gone, kept] = [certs::small("<gone@example.org>"), certs::small("<kept@example.org>")];
    for cert in [&gone, &kept] {
        submit(&world, &cert.packets()).await;
    }
    let request = deletion(&gone.packets());
    let response = delete(&world, &request, &admin.sign(&request, today())).await;
    assert_eq!(response.status(), 200, "{}", text(&response));
    assert_eq!(response.headers()["content-type"], "application/json");
    let gone = fingerprint(&gone);
    assert_eq!(text(&response), format!("{{\"deleted\":[{{\"version\":4,\"fingerprint\":\"{gone}\"}}]}}\n"));
    assert!(!is_stored(&world, &gone).await && is_stored(&world, &fingerprint(&kept)).await);
    assert_eq!(world.get("/pks/lookup?op=get&search=gone@example.org").await.status(), 404);
    delete(&world, &request, "nonsense").await;
    let scraped = send(&world.metrics_router, Request::get("/metrics").body(Body::empty()).unwrap()).await;
    for line in [
        "hockeypuck_admin_requests_total{action=\"delete\",result=\"done\"} 1",
        "hockeypuck_admin_requests_total{action=\"delete\",result=\"refused\"} 1",
        "hockeypuck_keys_removed 1",
        "hockeypuck_blocked_certificates 0",
    ] {
        assert!(text(&scraped).lines().any(|found| found == line), "{line}\n{}", text(&scraped));
    }
}

/// Multipart forms, carriage returns and fields in the address are read alike, and what is signed is what was sent.
#[tokio::test]
async fn every_packing_is_taken() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    for (number, is_multipart) in [(0, true), (1, false), (2, false)] {
        let cert = certs::small(&format!("<packed{number}@example.org>"));
        submit(&world, &cert.packets()).await;
        let lines = deletion(&cert.packets());
        let request = if number == 1 { lines.replace('\n', "\r\n") } else { lines };
        let signature = admin.sign(&request, today());
        let response = if is_multipart {
            let part =
                |name, value| format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            let body = format!("{}{}--xyz--\r\n", part("keysig", &signature), part("keytext", &request));
            world.post("/pks/delete", "multipart/form-data; boundary=xyz", body).await
        } else if number == 1 {
            delete(&world, &request, &signature).await
        } else {
            world.post(&format!("/pks/delete?{}", form(&request, &signature)), FORM, "").await
        };
        assert_eq!(response.status(), 200, "{number}: {}", text(&response));
        assert!(!is_stored(&world, &fingerprint(&cert)).await, "{number}");
    }
}

/// Every mistake has its status, and changes nothing. Who has no good signature learns no more than that.
#[tokio::test]
async fn mistakes_are_told_apart() {
    let admin = Administrator::new(long_ago());
    let stranger = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    submit(&world, &stranger.packets()).await;
    let cert = certs::small("<cert@example.org>");
    submit(&world, &cert.packets()).await;
    let request = deletion(&cert.packets());
    let good = admin.sign(&request, today());
    let replacing = request.replacen("delete", "replace", 1);
    let same_line = request.replacen('\n', " ", 1);
    let without_armor = "/pks/delete\nnothing\n".to_owned();
    let empty = "/pks/delete\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n".to_owned();
    let damaged = request.replacen("\n\nx", "\n\n!", 1);
    let packets = cert.packets();
    let cut = deletion(&packets[..packets.len() - 5]);
    let user_id_only = deletion(&forge::packet(forge::USER_ID, b"nobody"));
    let sign = |text: &str| admin.sign(text, today());
    let refused = "no signature that this server accepts";
    let both = armored(&[admin.signature(&request, today()), stranger.signature(&request, today())]);
    for (name, body, status, words) in [
        ("no text", form("", &good).replacen("keytext", "text", 1), 400, "keytext is missing"),
        ("no signature", form(&request, "").replacen("keysig", "sig", 1), 400, "keysig is missing"),
        ("other line", form(&replacing, &sign(&replacing)), 400, "begin with the line /pks/delete"),
        ("one line", form(&same_line, &sign(&same_line)), 400, "begin with the line /pks/delete"),
        ("empty text", form("", &good), 400, "begin with the line"),
        ("empty signature", form(&request, ""), 422, refused),
        ("nonsense", form(&request, "nonsense"), 422, refused),
        ("a certificate for a signature", form(&request, &armored_certificate(&packets)), 422, refused),
        ("of another text", form(&request, &sign(&format!("{request}\n"))), 422, refused),
        ("by a stranger", form(&request, &stranger.sign(&request, today())), 422, refused),
        ("by two", form(&request, &both), 422, refused),
        ("by a key that may not", form(&request, &admin.sign_with_primary(&request, today())), 422, refused),
        ("too long", form(&request, &format!("{}{good}", " ".repeat(70_000))), 422, refused),
        ("no armor", form(&without_armor, &sign(&without_armor)), 422, "no certificate"),
        ("damaged armor", form(&damaged, &sign(&damaged)), 422, "armor is damaged"),
        ("empty armor", form(&empty, &sign(&empty)), 422, "no certificate"),
        ("cut packets", form(&cut, &sign(&cut)), 422, "cannot be read"),
        ("no key", form(&user_id_only, &sign(&user_id_only)), 422, "no certificate"),
    ] {
        let response = world.post("/pks/delete", FORM, body).await;
        assert_eq!(response.status(), status, "{name}: {}", text(&response));
        assert!(text(&response).contains(words), "{name}: {}", text(&response));
        assert!(is_stored(&world, &fingerprint(&cert)).await, "{name}");
    }
    assert_eq!(world.post("/pks/delete", "application/pgp-keys", request.clone()).await.status(), 415);
    assert_eq!(world.get("/pks/delete").await.status(), 405);
    let large = "x".repeat(settings().body_octets_limit + 1);
    assert_eq!(world.post("/pks/delete", FORM, large).await.status(), 413);
    // None of these has used the good one up.
    assert_eq!(delete(&world, &request, &good).await.status(), 200);
}

/// Without administrators nobody is one, and a certificate counts from the moment of its submission on.
#[tokio::test]
async fn only_listed_and_stored_certificates_count() {
    let admin = Administrator::new(long_ago());
    let cert = certs::small("<cert@example.org>");
    let request = deletion(&cert.packets());
    let signature = admin.sign(&request, today());
    let nobody = World::new().await;
    submit(&nobody, &admin.packets()).await;
    let unknown = without_certificate(&admin).await;
    for world in [&nobody, &unknown] {
        submit(world, &cert.packets()).await;
        assert_eq!(delete(world, &request, &signature).await.status(), 422);
    }
    let added = unknown.post("/pks/add", "application/pgp-keys", armored_certificate(&admin.packets())).await;
    assert_eq!(added.status(), 200);
    assert_eq!(delete(&unknown, &request, &signature).await.status(), 200);
}

/// What is not here is 404, if nothing else is named; in company it is told with those that were.
#[tokio::test]
async fn unknown_certificates_are_told() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let [known, unknown] = [certs::small("<known@example.org>"), certs::small("<unknown@example.org>")];
    submit(&world, &known.packets()).await;
    let request = deletion(&unknown.packets());
    let response = delete(&world, &request, &admin.sign(&request, today())).await;
    assert_eq!(response.status(), 404, "{}", text(&response));
    let request = deletion(&[unknown.packets(), known.packets()].concat());
    let response = delete(&world, &request, &admin.sign(&request, today())).await;
    let expected = format!(
        "{{\"deleted\":[{{\"version\":4,\"fingerprint\":\"{}\"}}],\"ignored\":[{{\"version\":4,\"fingerprint\":\"{}\",\
         \"comment\":\"it is not stored here\"}}]}}\n",
        fingerprint(&known),
        fingerprint(&unknown)
    );
    assert_eq!(text(&response), expected);
}

/// Only the primary key of the copy counts: it may be larger than any limit, have nothing else, or be of version 6.
#[tokio::test]
async fn any_copy_names_its_certificate() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let [large, bare, blocked] =
        ["large", "bare", "blocked"].map(|name| certs::small(&format!("<{name}@example.org>")));
    let modern = Administrator::v6(long_ago());
    for packets in [large.packets(), bare.packets(), blocked.packets(), modern.packets()] {
        submit(&world, &packets).await;
    }
    let (tag, primary) = split(&bare.packets()).swap_remove(0);
    let attributes = forge::packet(17, &[7; 8000]).repeat(200);
    let copies = [
        (fingerprint(&large), [large.packets(), attributes].concat()),
        (fingerprint(&bare), forge::packet(tag, &primary)),
        (modern.fingerprint().to_string(), modern.packets()),
    ];
    for (name, packets) in copies {
        assert!(is_stored(&world, &name).await, "{name}");
        let request = deletion(&packets);
        let response = delete(&world, &request, &admin.sign(&request, today())).await;
        assert_eq!(response.status(), 200, "{name}: {}", text(&response));
        assert!(!is_stored(&world, &name).await, "{name}");
    }
}

/// All that a lookup answers of a certificate that is revoked for good is the revocation; who sends that back deletes it.
#[tokio::test]
async fn a_revocation_names_its_certificate() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let revoked = Administrator::new(long_ago());
    submit(&world, &revoked.revoked(today() - DAY, ReasonForRevocation::KeyCompromised)).await;
    let name = revoked.fingerprint().to_string();
    let answer = world.get(&format!("/pks/lookup?op=get&search=0x{name}")).await;
    let request = format!("/pks/delete\n{}", text(&answer));
    let response = delete(&world, &request, &admin.sign(&request, today())).await;
    assert_eq!(response.status(), 200, "{}", text(&response));
    assert!(!is_stored(&world, &name).await);
}
