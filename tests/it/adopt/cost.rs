//! What lookups cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hockeypuck::domain::{Change, Digest, Digests, Fingerprint, Search};
use hockeypuck::keyring::{Keyring, Settings};
use hockeypuck::storage::adopt::{AdoptionStorage, Foreign, Row, Wanted};
use hockeypuck::storage::{
    self, AdminStorage, GossipStorage, HourlyCounts, MergeBase, PoolState, Put, PutOutcome, Storage, StorageError,
    Store, StoredCertificate, StoredSummary,
};
use hockeypuck::telemetry::KeyringMetrics;
use prometheus::Registry;

use super::world::World;
use crate::support::hockeypuck::{Release, certificates};
use crate::support::store::{self, patient};

/// Counts what a lookup can ask a store.
struct Counting {
    store: Store,
    queries: AtomicUsize,
}

impl Counting {
    fn count(&self) -> &Store {
        self.queries.fetch_add(1, Ordering::Relaxed);
        &self.store
    }
}

#[async_trait]
impl AdoptionStorage for Counting {
    async fn find_foreign(&self) -> Result<Foreign, StorageError> {
        self.store.adoption().find_foreign().await
    }

    async fn unread_rows(&self, wanted: Wanted<'_>, limit: u32) -> Result<Vec<Row>, StorageError> {
        self.count().adoption().unread_rows(wanted, limit).await
    }
}

#[async_trait]
impl Storage for Counting {
    async fn certificates(&self, search: &Search, limit: u32) -> Result<Vec<StoredCertificate>, StorageError> {
        self.count().certificates(search, limit).await
    }

    async fn summaries(&self, search: &Search, limit: u32) -> Result<Vec<StoredSummary>, StorageError> {
        self.count().summaries(search, limit).await
    }

    async fn by_digests(&self, digests: &[Digest], limit_octets: u64) -> Result<Vec<Bytes>, StorageError> {
        self.count().by_digests(digests, limit_octets).await
    }

    async fn merge_bases(&self, fingerprints: &[Fingerprint]) -> Result<Vec<MergeBase>, StorageError> {
        self.count().merge_bases(fingerprints).await
    }

    async fn put(&self, puts: &[Put]) -> Result<Vec<PutOutcome>, StorageError> {
        self.count().put(puts).await
    }

    async fn remove(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Fingerprint>, StorageError> {
        self.count().remove(fingerprints).await
    }

    async fn count(&self) -> Result<u64, StorageError> {
        self.store.count().await
    }

    async fn changes(&self, after: i64, limit: u32) -> Result<Vec<Change>, StorageError> {
        self.count().changes(after, limit).await
    }

    async fn digests(
        &self,
        after: Option<&Fingerprint>,
        limit: u32,
    ) -> Result<Vec<(Fingerprint, Digests)>, StorageError> {
        self.count().digests(after, limit).await
    }

    async fn add_hourly(&self, hour: i64, counts: HourlyCounts) -> Result<(), StorageError> {
        self.count().add_hourly(hour, counts).await
    }

    async fn hourly(&self, since: i64) -> Result<Vec<(i64, HourlyCounts)>, StorageError> {
        self.count().hourly(since).await
    }

    async fn wait_for_change(&self, limit: Duration) {
        self.store.wait_for_change(limit).await;
    }

    async fn check(&self) -> Result<(), StorageError> {
        self.count().check().await
    }

    fn gossip(&self) -> &dyn GossipStorage {
        self.count().gossip()
    }

    fn admin(&self) -> &dyn AdminStorage {
        self.count().admin()
    }

    fn adoption(&self) -> &dyn AdoptionStorage {
        self
    }

    fn pool(&self) -> PoolState {
        self.store.pool()
    }

    async fn close(&self) {
        self.store.close().await;
    }
}

/// The questions that one lookup of each kind asks the database at `url`, in the order of get, index and hashquery.
async fn costs(url: &str) -> [usize; 3] {
    let store = storage::open(url, &patient()).await.unwrap();
    let store = Arc::new(Counting { store, queries: AtomicUsize::new(0) });
    let metrics = KeyringMetrics::register(&Registry::new()).unwrap();
    let keyring = Keyring::new(store.clone(), Settings::default(), metrics);
    keyring.prepare_adoption().await.unwrap();
    let search = Search::Email("anne0@example.org".into());
    let taken = || store.queries.swap(0, Ordering::Relaxed);
    keyring.certificates(&search).await.unwrap();
    let get = taken();
    keyring.index(&search).await.unwrap();
    let index = taken();
    keyring.fetch_by_digest(&[Digest([7; 16])]).await.unwrap();
    [get, index, taken()]
}

/// Where nothing is to be taken over, or no longer, a lookup is one query.
#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_is_one_query() {
    assert_eq!(costs(&store::World::sqlite().await.url).await, [1; 3]);
    assert_eq!(costs(&store::World::postgres().await.url).await, [1; 3]);
    let empty = World::new(Release::V24, &[]).await;
    assert_eq!(costs(&empty.source.url).await, [1; 3]);
    let world = World::new(Release::V24, &certificates(3)).await;
    world.adopt().await;
    assert_eq!(costs(&world.source.url).await, [1; 3]);
    // The test can fail: while there is something to take over, the other tables are asked.
    let world = World::new(Release::V24, &certificates(3)).await;
    assert!(costs(&world.source.url).await.iter().all(|cost| *cost > 1));
}
