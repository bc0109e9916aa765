//! `op=get` and `op=hget`.

use http::StatusCode;

use super::records::{packets, record, record_revoked, record_v6};
use super::world::{World, settings, shown, text};

/// The whole armored answer, octet by octet: programs depend on each header and line end.
#[tokio::test]
async fn a_certificate_is_one_armored_block() {
    let world = World::holding([record(1, "Alice <alice@example.org>")]).await;
    let response = world.get("/pks/lookup?op=get&options=mr&search=alice@example.org").await;
    insta::assert_snapshot!(shown(&response));
}

/// Scripts leave `options=mr` out, name keys in every form, and repeat or misspell options.
#[tokio::test]
async fn every_way_to_ask_has_the_same_answer() {
    let world = World::holding([record(0x1a, "Alice <alice+tag@example.org>")]).await;
    let hex = "1a".repeat(20);
    let expected = world.get(&format!("/pks/lookup?op=get&search=0x{hex}")).await;
    assert_eq!(expected.status(), StatusCode::OK);
    let grouped = hex.as_bytes().chunks(4).map(|group| std::str::from_utf8(group).unwrap()).collect::<Vec<_>>();
    for query in [
        format!("search=0X{}&op=get", hex.to_uppercase()),
        format!("op=get&search={hex}"),
        format!("op=get&search={}", grouped.join("+")),
        format!("op=get&search=0x{}", "1a".repeat(8)),
        format!("op=get&search=0x{}", "9a".repeat(20)),
        "op=get&search=alice%2Btag%40example.org".to_owned(),
        "op=get&search=alice+tag@example.org".to_owned(),
        "op=get&search=Alice+%3Calice%2Btag@Example.ORG%3E".to_owned(),
        "op=get&exact=on&fingerprint=on&hash=on&options=nm,unknown&x=y&search=alice%2Btag@example.org".to_owned(),
        format!("op=hget&search={}", "1A".repeat(16)),
    ] {
        let response = world.get(&format!("/pks/lookup?{query}")).await;
        assert_eq!(response.status(), StatusCode::OK, "{query}: {}", text(&response));
        assert_eq!(response.body(), expected.body(), "{query}");
    }
}

/// All matches are in one block, hard revocations before the certificates, and nothing of version 6.
#[tokio::test]
async fn revocations_come_first() {
    let name = "Alice <alice@example.org>";
    let world = World::holding([record(1, name), record_revoked(2, name), record_v6(3, name), record(4, name)]).await;
    let response = world.get("/pks/lookup?op=get&search=alice@example.org").await;
    let block = text(&response);
    assert_eq!(block.matches("BEGIN PGP PUBLIC KEY BLOCK").count(), 1);
    assert!(block.ends_with("-----END PGP PUBLIC KEY BLOCK-----\n"));
    let expected = [vec![0xee, 2], packets(1).to_vec(), packets(4).to_vec()].concat();
    assert_eq!(dearmored(block), expected);
}

/// Binary answers have everything, version 6 and hard-revoked certificates included.
#[tokio::test]
async fn binary_answers_are_complete() {
    let name = "Alice <alice@example.org>";
    let world = World::holding([record_revoked(2, name), record_v6(3, name)]).await;
    let response = world.get("/pks/lookup?op=get&options=bin&search=alice@example.org").await;
    assert_eq!(*response.body(), [packets(2), packets(3)].concat());
    let headers = response.headers();
    assert_eq!(headers["content-type"], "application/pgp");
    assert_eq!(headers["content-disposition"], "attachment; filename=\"alice@example.org.pgp\"");
    assert_eq!(headers["content-length"], (52 + 53).to_string());
}

/// A version 6 certificate is refused with the way to get it, not as if it were unknown.
#[tokio::test]
async fn version_6_is_refused_with_a_hint() {
    let world = World::holding([record_v6(3, "Alice <alice@example.org>")]).await;
    for operation in ["get", "index", "vindex", "index&options=mr", "index&options=json"] {
        let response = world.get(&format!("/pks/lookup?search=alice@example.org&op={operation}")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(text(&response).contains("options=bin"), "{operation}: {}", text(&response));
    }
}

/// A search text cannot break out of the file name that browsers save under.
#[tokio::test]
async fn file_names_are_escaped() {
    let world = World::holding([record(1, "Alice \"/\" <alice@example.org>")]).await;
    let response = world.get("/pks/lookup?op=get&search=%22/%0d%0aX:y%22+%3Calice@example.org%3E").await;
    let expected = "attachment; filename=\"%22%2F%0D%0AX:y%22%20%3Calice@example.org%3E.asc\"";
    assert_eq!(response.headers()["content-disposition"], expected);
}

/// An operator may add headers to the armor; there are none otherwise.
#[tokio::test]
async fn armor_headers_are_the_operators() {
    let headers = vec![("Comment".to_owned(), "Hostname: keys.example.org".to_owned())];
    let world = World::with_settings(hockeypuck::http::HttpSettings { armor_headers: headers, ..settings() }).await;
    world.put([record(1, "Alice <alice@example.org>")]).await;
    let response = world.get("/pks/lookup?op=get&search=alice@example.org").await;
    assert_eq!(text(&response).lines().nth(1), Some("Comment: Hostname: keys.example.org"));
}

fn dearmored(block: &str) -> Vec<u8> {
    use base64::Engine;
    let body: String = block.lines().skip(2).take_while(|line| !line.starts_with('=')).collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}
