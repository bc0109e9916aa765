//! Lookups while certificates are taken over.

use hockeypuck::domain::search::TextSearch;
use hockeypuck::domain::{Digest, Search};
use hockeypuck::keyring::{Keyring, LookupError};
use hockeypuck::storage::StorageError;

use super::world::{World, turn};
use crate::support::forge::{Forged, Signer};
use crate::support::hockeypuck::{RELEASES, Release, SourceRow, certificate, certificates};

fn search(text: &str) -> Search {
    Search::parse(text, TextSearch::Keywords).unwrap()
}

fn email(text: &str) -> Search {
    Search::parse(text, TextSearch::Exact).unwrap()
}

/// The digests of what is found.
async fn found(keyring: &Keyring, search: &Search) -> Vec<String> {
    let found = keyring.certificates(search).await.unwrap();
    found.into_iter().map(|certificate| certificate.digests.v24.unwrap().to_string()).collect()
}

/// Before any row is read, every kind of lookup finds what it asks for, and takes over no more than that.
#[tokio::test(flavor = "multi_thread")]
async fn every_lookup_finds_its_certificate() {
    for release in RELEASES {
        let (primary, subkey) = (Signer::ed25519_legacy(), Signer::ed25519_legacy());
        let all: Vec<Vec<u8>> = (0..11).map(|n| certificate(&primary, Some(&subkey), n)).collect();
        let world = World::new(release, &all).await;
        let (keyring, rows) = (&world.keyring, &world.rows);
        let subkey = |at: usize| &rows[at].subkeys[0];
        let searches = [
            search(&rows[0].fingerprint),
            search(subkey(1)),
            search(&rows[2].fingerprint[24..]),
            search(&subkey(3)[24..]),
            email("anne4@example.org"),
            search("anne5@example.org"),
            search("6 anne6"),
            Search::Digest(rows[7].md5.parse().unwrap()),
        ];
        for (at, search) in searches.iter().enumerate() {
            assert_eq!(found(keyring, search).await, [rows[at].md5.as_str()], "{release:?} {search:?}");
            assert_eq!(world.store.count().await.unwrap(), at as u64 + 1, "{release:?} {search:?}");
        }
        let listed = keyring.index(&email("anne8@example.org")).await.unwrap();
        assert_eq!(listed[0].digests.v24.unwrap().to_string(), rows[8].md5, "{release:?}");
        let digests: Vec<Digest> = rows[7..10].iter().map(|row| row.md5.parse().unwrap()).collect();
        assert_eq!(keyring.fetch_by_digest(&digests).await.unwrap().len(), 3, "{release:?}");
        assert_eq!(world.store.count().await.unwrap(), 10, "{release:?}");
        // The words that all have in common find all.
        assert_eq!(found(keyring, &search("example")).await.len(), 11, "{release:?}");
        assert_eq!(keyring.certificates(&search("nobody@example.net")).await.unwrap(), [], "{release:?}");
    }
}

/// Version 6 certificates are found by their key IDs, which are at the other end of the fingerprint.
#[tokio::test(flavor = "multi_thread")]
async fn version_6_is_found() {
    for release in [Release::V23, Release::V24] {
        let forged = || {
            let mut forged = Forged::new(Signer::ed25519_v6());
            let subkey = Signer::ed25519_v6();
            forged.subkey(&subkey, &subkey.body);
            forged.octets()
        };
        let world = World::new(release, &[forged(), forged(), forged()]).await;
        let rows = &world.rows;
        for (at, digits) in
            [&rows[0].fingerprint[..], &rows[1].fingerprint[..16], &rows[2].subkeys[0][..16]].iter().enumerate()
        {
            assert_eq!(found(&world.keyring, &search(digits)).await, [rows[at].md5.as_str()], "{release:?} {digits}");
        }
    }
}

/// Many who look for one certificate at the same moment all find it, and it is taken over once.
#[tokio::test(flavor = "multi_thread")]
async fn many_find_one() {
    let world = World::new(Release::V24, &certificates(1)).await;
    let lookups: Vec<_> = (0..40)
        .map(|n| {
            let keyring = world.keyring.clone();
            let search = if n % 2 == 0 { email("anne0@example.org") } else { search(&world.rows[0].fingerprint) };
            tokio::spawn(async move { keyring.certificates(&search).await.unwrap().len() })
        })
        .collect();
    for lookup in lookups {
        assert_eq!(lookup.await.unwrap(), 1);
    }
    assert_eq!(world.store.changes(0, 10).await.unwrap().len(), 2, "one row of the log for each profile");
}

/// A revocation that comes alone finds the certificate that it revokes.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_finds_its_certificate() {
    let owned = crate::support::certs::small("Anne <anne@example.org>");
    let world = World::new(Release::V24, &[owned.packets()]).await;
    let whole = crate::support::certificates::split(&owned.revoked());
    let revocation = whole.iter().find(|(tag, body)| *tag == 2 && body[1] == 0x20).unwrap();
    let bare = crate::support::forge::packet(2, &revocation.1);
    let submission = world.keyring.submit(bare.into()).await.unwrap();
    assert_eq!(submission.results[0].outcome, hockeypuck::keyring::Outcome::Updated);
}

/// What is in a broken row is not found, which is no failure. When the database refuses to tell what there is, what is
/// here is answered, and nobody is told that there is nothing.
#[tokio::test(flavor = "multi_thread")]
async fn failures_are_no_misses() {
    let world = World::new(Release::V24, &certificates(2)).await;
    let broken = SourceRow { document: "{}".into(), ..SourceRow::new(Release::V24, &certificates(3)[2]) };
    world.source.put_rows(std::slice::from_ref(&broken)).await;
    for _ in 0..2 {
        assert_eq!(world.keyring.certificates(&search(&broken.fingerprint)).await.unwrap(), []);
    }
    assert_eq!(found(&world.keyring, &email("anne0@example.org")).await.len(), 1);
    world.source.run("ALTER TABLE adoptions RENAME reached TO gone").await;
    let unknown = world.keyring.certificates(&email("anne1@example.org")).await;
    assert!(matches!(unknown, Err(LookupError::Storage(StorageError::Busy))), "{unknown:?}");
    assert_eq!(found(&world.keyring, &email("anne0@example.org")).await.len(), 1);
}

/// Rows that the pass has reached are not looked at again, whatever became of them.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_left_alone() {
    let world = World::new(Release::V24, &certificates(3)).await;
    assert_eq!(turn(&world.keyring, "unit").await, hockeypuck::keyring::adopt::TurnEnd::Finished);
    let fingerprint = world.rows[1].fingerprint.parse().unwrap();
    world.store.remove(&[fingerprint]).await.unwrap();
    assert!(world.keyring.is_adopting(), "nobody told this unit of the end");
    assert_eq!(world.keyring.certificates(&Search::Fingerprint(fingerprint)).await.unwrap(), []);
}
