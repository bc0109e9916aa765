//! The store in PostgreSQL, which any number of programs share.

mod changes;
mod check;
pub mod find;
mod listen;
mod lists;
mod lock;
mod put;
mod remove;
mod stats;
mod update;

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, Postgres};

use super::gossip::link::{Engine, Link};
use super::pool::{Attempts, Bounds, Connections, run};
use super::schema::migrate_error;
use super::{
    GossipStorage, HourlyCounts, MergeBase, PoolState, Put, PutOutcome, Storage, StorageError, StoreLimits,
    StoredCertificate, StoredSummary, WRITE_STATEMENTS, Watch,
};
use crate::domain::{Change, Digest, Digests, Fingerprint, Search};
use listen::Listen;

/// The channel on which every transaction that changes the log notifies. The payload is empty.
pub const CHANGES_CHANNEL: &str = "hockeypuck_changes";

static MIGRATOR: Migrator = sqlx::migrate!("migrations/postgres");

/// How much longer this side waits than the server, so that the server ends a statement first.
const CLIENT_GRACE: Duration = Duration::from_secs(1);

pub struct PostgresStore {
    connections: Connections<Postgres>,
    listen: Listen,
}

impl PostgresStore {
    pub(super) fn new(url: &str, limits: &StoreLimits, watch: Watch) -> Result<Self, StorageError> {
        let milliseconds = |timeout: Duration| timeout.as_millis().max(1).to_string();
        let statement_timeout = milliseconds(limits.statement_timeout);
        let options = PgConnectOptions::from_str(url)?.application_name("hockeypuck").options([
            ("statement_timeout", statement_timeout.as_str()),
            // Shorter, so that a wait for another transaction is told from a slow statement in the server's log.
            ("lock_timeout", milliseconds(limits.statement_timeout / 2).as_str()),
            // A program that stalls in a transaction must not keep the others waiting for its locks.
            ("idle_in_transaction_session_timeout", statement_timeout.as_str()),
            ("timezone", "UTC"),
            // Compiling takes longer than any query here.
            ("jit", "off"),
        ]);
        let bounds = Bounds {
            connections: limits.connections,
            acquire_timeout: limits.acquire_timeout,
            read_timeout: limits.statement_timeout.saturating_add(CLIENT_GRACE),
            write_timeout: limits.statement_timeout.saturating_mul(WRITE_STATEMENTS).saturating_add(CLIENT_GRACE),
        };
        Ok(Self { listen: Listen::new(options.clone()), connections: Connections::new(options, bounds, watch) })
    }
}

/// Waits for as long as other programs migrate, and for as long as a migration takes.
pub(super) async fn migrate(url: &str) -> Result<(), StorageError> {
    let options = PgConnectOptions::from_str(url)?.application_name("hockeypuck migrate");
    let mut connection = options.options([("client_min_messages", "warning")]).connect().await?;
    MIGRATOR.run_direct(None, &mut connection, false).await.map_err(migrate_error)?;
    Ok(connection.close().await?)
}

impl Engine for PostgresStore {
    type Database = Postgres;

    fn reading(&self) -> Attempts<'_, Postgres> {
        self.connections.reading()
    }

    fn scanning(&self) -> Attempts<'_, Postgres> {
        self.connections.scanning()
    }

    fn writing(&self) -> Attempts<'_, Postgres> {
        self.connections.writing()
    }

    fn link(connection: &mut PgConnection) -> Link<'_> {
        Link::Postgres(connection)
    }
}

#[async_trait]
impl Storage for PostgresStore {
    async fn certificates(&self, search: &Search, limit: u32) -> Result<Vec<StoredCertificate>, StorageError> {
        run!(self.connections.reading(), find::certificates, search, limit)
    }

    async fn summaries(&self, search: &Search, limit: u32) -> Result<Vec<StoredSummary>, StorageError> {
        run!(self.connections.reading(), find::summaries, search, limit)
    }

    async fn by_digests(&self, digests: &[Digest], limit_octets: u64) -> Result<Vec<Bytes>, StorageError> {
        run!(self.connections.reading(), find::by_digests, digests, limit_octets)
    }

    async fn merge_bases(&self, fingerprints: &[Fingerprint]) -> Result<Vec<MergeBase>, StorageError> {
        run!(self.connections.reading(), find::merge_bases, fingerprints)
    }

    async fn put(&self, puts: &[Put]) -> Result<Vec<PutOutcome>, StorageError> {
        run!(self.connections.writing(), put::put, puts)
    }

    async fn remove(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Fingerprint>, StorageError> {
        run!(self.connections.writing(), remove::remove, fingerprints)
    }

    async fn count(&self) -> Result<u64, StorageError> {
        run!(self.connections.reading(), stats::count)
    }

    async fn changes(&self, after: i64, limit: u32) -> Result<Vec<Change>, StorageError> {
        run!(self.connections.reading(), changes::changes, after, limit)
    }

    async fn digests(
        &self,
        after: Option<&Fingerprint>,
        limit: u32,
    ) -> Result<Vec<(Fingerprint, Digests)>, StorageError> {
        run!(self.connections.reading(), changes::digests, after, limit)
    }

    async fn add_hourly(&self, hour: i64, counts: HourlyCounts) -> Result<(), StorageError> {
        run!(self.connections.writing(), stats::add_hourly, hour, counts)
    }

    async fn hourly(&self, since: i64) -> Result<Vec<(i64, HourlyCounts)>, StorageError> {
        run!(self.connections.reading(), stats::hourly, since)
    }

    async fn wait_for_change(&self, limit: Duration) {
        self.listen.wait(limit).await;
    }

    async fn check(&self) -> Result<(), StorageError> {
        run!(self.connections.reading(), check::check, &MIGRATOR)
    }

    fn gossip(&self) -> &dyn GossipStorage {
        self
    }

    fn pool(&self) -> PoolState {
        self.connections.state()
    }

    async fn close(&self) {
        self.listen.close().await;
        self.connections.close().await;
    }
}
