//! `op=index` and `op=vindex`.

use super::records::{CREATED, record, record_revoked, record_v6, signature};
use super::world::{World, shown, text};
use hockeypuck::domain::{Fingerprint, Record};

/// A certificate that shows everything an index can: expiry, revocation, signs to escape, no valid date.
fn elaborate() -> Record {
    let mut record = record(0xab, "Ann: 100% <ann+x@example.org>");
    record.summary.key.expires = Some(u64::from(CREATED) + 86_400);
    let mut other = record.summary.user_ids[0].clone();
    other.text = "Änn\u{85} & <ann@example.org>".into();
    other.valid_since = None;
    other.revoked = true;
    other.expires = Some(1);
    other.signatures = vec![signature(0x30, record.fingerprint), signature(0x10, Fingerprint::V4([7; 20]))];
    record.summary.user_ids.push(other);
    record
}

/// Seven fields a key and five a user ID, upper-case fingerprints, times that are never negative,
/// and user IDs that decode to themselves.
#[tokio::test]
async fn machine_readable() {
    let world = World::holding([elaborate(), record_revoked(0xcd, "Ann <ann+x@example.org>")]).await;
    let response = world.get("/pks/lookup?op=index&options=mr&search=ann%2Bx@example.org").await;
    insta::assert_snapshot!(shown(&response));
    let vindex = world.get("/pks/lookup?op=vindex&options=mr&search=ann%2Bx@example.org").await;
    assert_eq!(vindex.body(), response.body());
}

/// Members, order and indentation are those that programs know from Hockeypuck; `json` beats `mr`.
#[tokio::test]
async fn json() {
    let world = World::holding([elaborate()]).await;
    let response = world.get("/pks/lookup?op=index&options=mr,json&search=ann%2Bx@example.org").await;
    insta::assert_snapshot!(shown(&response));
}

/// Without options people get a page; vindex has the signatures.
#[tokio::test]
async fn pages() {
    let world = World::holding([elaborate()]).await;
    let index = world.get("/pks/lookup?op=index&search=ann%2Bx@example.org").await;
    insta::assert_snapshot!("index_page", shown(&index));
    let vindex = world.get("/pks/lookup?op=vindex&search=ann%2Bx@example.org").await;
    insta::assert_snapshot!("vindex_page", shown(&vindex));
}

/// What a stranger puts into a user ID or a search text is text on the page, not markup.
#[tokio::test]
async fn pages_escape_what_strangers_write() {
    let world = World::holding([record(1, "<script>alert(1)</script> <a@example.org>")]).await;
    let response = world.get("/pks/lookup?op=index&search=%3Cscript%3Ealert%3C/script%3E+%3Ca@example.org%3E").await;
    assert_eq!(response.status(), 404);
    let response = world.get("/pks/lookup?op=index&search=%22%3E%3Cscript%3E+%3Ca@example.org%3E").await;
    assert_eq!(response.status(), 404);
    let response = world.get("/pks/lookup?op=index&search=%22%3E%3Ca@example.org%3E").await;
    assert!(!text(&response).contains("<script") && !text(&response).contains("\"><a@"), "{}", text(&response));
}

/// Version 6 certificates are left out of the list that old programs read, and not counted.
#[tokio::test]
async fn version_6_is_left_out() {
    let name = "Ann <ann@example.org>";
    let world = World::holding([record(1, name), record_v6(2, name)]).await;
    let response = world.get("/pks/lookup?op=index&options=mr&search=ann@example.org").await;
    assert!(text(&response).starts_with(&format!("info:1:1\npub:{}:", "01".repeat(20))));
}
