//! Looking at a store after the server has ended.

use std::collections::BTreeSet;

use hockeypuck::domain::{Digest, Profile, Sign};
use hockeypuck::storage::{self, Storage, StoreLimits};

use super::submitter::Stored;
use crate::support::backend::{Backend, runtime};
use crate::support::request;
use crate::support::server::Server;

/// Rows read at once.
const PAGE: u32 = 1000;

/// Fails unless the server has every certificate of the journal with its user IDs.
pub fn assert_served(server: &Server, journal: &[Stored]) {
    for Stored { fingerprint, email } in journal {
        let found = request::get(server.address(), &format!("/pks/lookup?op=index&options=mr&search={email}")).unwrap();
        assert_eq!(found.status, 200, "{email} was answered with success and is lost");
        assert!(found.text().contains(fingerprint), "{email}: {}", found.text());
        let target = format!("/pks/lookup?op=get&options=bin&search=0x{fingerprint}");
        let packets = request::get(server.address(), &target).unwrap().body;
        let is_there = packets.windows(email.len()).any(|octets| octets == email.as_bytes());
        assert!(is_there, "{fingerprint} is served without {email}");
    }
}

/// Fails unless the change log, from its beginning, leads to exactly the digests of the table.
pub fn assert_log_matches_table(store: &Backend) {
    let runtime = runtime();
    runtime.block_on(async {
        let storage = storage::open(&store.url(), &StoreLimits::default()).await.unwrap();
        let (from_log, from_table) = (replay(&*storage).await, table(&*storage).await);
        assert!(!from_table.is_empty());
        assert_eq!(from_log, from_table);
        storage.close().await;
    });
}

/// Every digest with its profile.
type Digests = BTreeSet<(Profile, Digest)>;

async fn replay(storage: &dyn Storage) -> Digests {
    let mut digests = Digests::new();
    let mut after = 0;
    loop {
        let changes = storage.changes(after, PAGE).await.unwrap();
        let Some(last) = changes.last() else { return digests };
        after = last.seq;
        for change in &changes {
            let entry = (change.profile, change.digest);
            let is_consistent = match change.sign {
                Sign::Plus => digests.insert(entry),
                Sign::Minus => digests.remove(&entry),
            };
            assert!(is_consistent, "{change:?} adds what is there, or removes what is not");
        }
    }
}

async fn table(storage: &dyn Storage) -> Digests {
    let mut digests = Digests::new();
    let mut after = None;
    loop {
        let page = storage.digests(after.as_ref(), PAGE).await.unwrap();
        let Some((last, _)) = page.last() else { return digests };
        after = Some(*last);
        for (_, of_one) in &page {
            digests.extend(Profile::ALL.into_iter().filter_map(|profile| Some((profile, of_one.of(profile)?))));
        }
    }
}
