//! A store that fails in one way, whatever it is asked.

use std::sync::Arc;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hockeypuck::domain::{Change, Digest, Digests, Fingerprint, Search};
use hockeypuck::storage::{
    AdminStorage, GossipStorage, HourlyCounts, MergeBase, PoolState, Put, PutOutcome, Storage, StorageError, Store,
    StoredCertificate, StoredSummary,
};

/// How the store fails.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    Error(fn() -> StorageError),
    Hang,
    Panic,
}

struct Scripted(Failure);

pub(super) fn failing(failure: Failure) -> Store {
    Arc::new(Scripted(failure))
}

impl Scripted {
    async fn fail<T>(&self) -> Result<T, StorageError> {
        match self.0 {
            Failure::Error(error) => Err(error()),
            Failure::Hang => std::future::pending().await,
            Failure::Panic => panic!("the scripted panic"),
        }
    }
}

#[async_trait]
impl Storage for Scripted {
    async fn certificates(&self, _: &Search, _: u32) -> Result<Vec<StoredCertificate>, StorageError> {
        self.fail().await
    }

    async fn summaries(&self, _: &Search, _: u32) -> Result<Vec<StoredSummary>, StorageError> {
        self.fail().await
    }

    async fn by_digests(&self, _: &[Digest], _: u64) -> Result<Vec<Bytes>, StorageError> {
        self.fail().await
    }

    async fn merge_bases(&self, _: &[Fingerprint]) -> Result<Vec<MergeBase>, StorageError> {
        self.fail().await
    }

    async fn put(&self, _: &[Put]) -> Result<Vec<PutOutcome>, StorageError> {
        self.fail().await
    }

    async fn remove(&self, _: &[Fingerprint]) -> Result<Vec<Fingerprint>, StorageError> {
        self.fail().await
    }

    async fn count(&self) -> Result<u64, StorageError> {
        self.fail().await
    }

    async fn changes(&self, _: i64, _: u32) -> Result<Vec<Change>, StorageError> {
        self.fail().await
    }

    async fn digests(&self, _: Option<&Fingerprint>, _: u32) -> Result<Vec<(Fingerprint, Digests)>, StorageError> {
        self.fail().await
    }

    async fn add_hourly(&self, _: i64, _: HourlyCounts) -> Result<(), StorageError> {
        self.fail().await
    }

    async fn hourly(&self, _: i64) -> Result<Vec<(i64, HourlyCounts)>, StorageError> {
        self.fail().await
    }

    async fn wait_for_change(&self, _: Duration) {
        std::future::pending::<()>().await;
    }

    async fn check(&self) -> Result<(), StorageError> {
        self.fail().await
    }

    fn gossip(&self) -> &dyn GossipStorage {
        panic!("no handler of requests reconciles")
    }

    fn admin(&self) -> &dyn AdminStorage {
        panic!("no handler here asks for what operators do")
    }

    fn pool(&self) -> PoolState {
        PoolState::default()
    }

    async fn close(&self) {}
}
