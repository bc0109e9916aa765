//! Rows that are not as they should be.

use std::collections::BTreeMap;

use hockeypuck::storage::adopt::Tally;

use super::world::World;
use crate::support::forge::{Forged, Signer};
use crate::support::hockeypuck::{Release, SourceRow, certificate, certificates};

const RELEASE: Release = Release::V24;

fn row(n: u32) -> SourceRow {
    SourceRow::new(RELEASE, &certificate(&Signer::ed25519_legacy(), None, n))
}

fn with_document(document: &str) -> SourceRow {
    SourceRow { document: document.into(), ..row(1) }
}

/// Each row that cannot be taken over is counted and noted with its reason, and stops nothing.
#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_are_told() {
    let world = World::new(RELEASE, &certificates(100)).await;
    let evaporating = Forged::bare(Signer::ed25519_legacy()).octets();
    let (blocked, other) = (row(2), row(3));
    let rows = [
        with_document("{}"),
        with_document("[1, 2]"),
        with_document(r#"{"packet": {"data": "????"}}"#),
        with_document(r#"{"packet": {"data": "zQEE"}}"#),
        // A key packet that says more than there is.
        with_document(r#"{"packet": {"data": "xv8="}}"#),
        with_document(&other.document),
        SourceRow { md5: "no digest".into(), ..row(4) },
        SourceRow { fingerprint: "no fingerprint".into(), ..row(5) },
        SourceRow::new(RELEASE, &evaporating),
        SourceRow { md5: "0".repeat(32), ..blocked },
    ];
    world.source.put_rows(&rows).await;
    let statement = "INSERT INTO blocked (fingerprint, comment, actor) VALUES ('\\x";
    world.source.run(&format!("{statement}{}', '', 'test')", rows[9].fingerprint)).await;
    let pass = world.adopt().await;
    assert_eq!(pass.tally, Tally { read: 110, inserted: 101, rejected: 9, ..Tally::default() });
    assert!(pass.adds_up(), "{pass:?}");
    let reasons: BTreeMap<String, u64> = pass.rejects.into_iter().collect();
    let expected =
        [("blocked", 1), ("document", 4), ("framing", 1), ("no_valid_self_signature", 1), ("other_fingerprint", 2)];
    assert_eq!(reasons, expected.map(|(reason, count)| (reason.to_owned(), count)).into());
    let noted = format!("SELECT detail FROM adoption_rejects WHERE rfingerprint = reverse('{}')", rows[9].fingerprint);
    assert_eq!(world.source.text(&noted).await, "the certificate is blocked on this server");
    world.assert_stored(&world.rows).await;
}

/// What is larger than a submission may be is kept: Hockeypuck stored it.
#[tokio::test(flavor = "multi_thread")]
async fn large_certificates_are_kept() {
    let key = Signer::ed25519_legacy();
    let mut forged = Forged::bare(key);
    for n in 0..200 {
        forged.user_id(format!("{n:04}{}", "x".repeat(8000)).as_bytes());
    }
    let world = World::new(RELEASE, &[forged.octets()]).await;
    assert!(forged.octets().len() > 1_500_000);
    let pass = world.adopt().await;
    assert_eq!(pass.tally.inserted, 1, "{pass:?}");
    world.assert_stored(&world.rows).await;
}

/// What a pass finds stored already counts as that, and no document is read for it.
#[tokio::test(flavor = "multi_thread")]
async fn stored_certificates_are_unchanged() {
    let all = certificates(50);
    let world = World::new(RELEASE, &all).await;
    for packets in &all[..20] {
        world.keyring.submit(packets.clone().into()).await.unwrap();
    }
    let pass = world.adopt().await;
    assert_eq!(pass.tally, Tally { read: 50, inserted: 30, unchanged: 20, ..Tally::default() });
}

/// Taking over is no news: neither the counters of certificates nor the hourly statistics count it.
#[tokio::test(flavor = "multi_thread")]
async fn adopted_certificates_are_no_news() {
    let world = World::new(RELEASE, &certificates(3)).await;
    let email = hockeypuck::domain::Search::Email("anne1@example.org".into());
    assert_eq!(world.keyring.certificates(&email).await.unwrap().len(), 1);
    world.keyring.write_counts(0).await.unwrap();
    assert_eq!(world.keyring.hourly(0).await.unwrap(), []);
}
