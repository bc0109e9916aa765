//! The store in PostgreSQL, which any number of programs share.

pub mod adopt;
pub(super) mod changes;
mod check;
pub mod find;
mod listen;
mod lists;
pub(super) mod lock;
pub(super) mod put;
pub(super) mod remove;
mod servers;
mod stats;
mod update;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Postgres};

use super::adopt::AdoptionStorage;
use super::gossip::link::{Engine, Link};
use super::pool::{Attempts, Bounds, Connections, run};
use super::schema::migrate_error;
use super::{
    AdminStorage, GossipStorage, HourlyCounts, MergeBase, PoolState, Put, PutOutcome, Storage, StorageError,
    StoreLimits, StoredCertificate, StoredSummary, WRITE_STATEMENTS, Watch,
};
use crate::domain::{Change, Digest, Digests, Fingerprint, Search};
use listen::Listen;
use servers::Servers;

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
        let lock_timeout = milliseconds(limits.statement_timeout / 2);
        let settings = [
            ("statement_timeout", statement_timeout.as_str()),
            // Shorter, so that a wait for another transaction is told from a slow statement in the server's log.
            ("lock_timeout", lock_timeout.as_str()),
            // A program that stalls in a transaction must not keep the others waiting for its locks.
            ("idle_in_transaction_session_timeout", statement_timeout.as_str()),
            ("timezone", "UTC"),
            // What a writer reads after it has waited for a lock must be what was committed meanwhile.
            ("default_transaction_isolation", "read committed"),
            // Compiling takes longer than any query here.
            ("jit", "off"),
        ];
        let adapt = |options: PgConnectOptions| options.application_name("hockeypuck").options(settings);
        let servers = Servers::of(url, adapt)?;
        let options = servers.options()?;
        let bounds = Bounds {
            connections: limits.connections,
            acquire_timeout: limits.acquire_timeout,
            read_timeout: limits.statement_timeout.saturating_add(CLIENT_GRACE),
            write_timeout: limits.statement_timeout.saturating_mul(WRITE_STATEMENTS).saturating_add(CLIENT_GRACE),
        };
        let mut connections = Connections::new(options, bounds, make_durable, watch);
        if servers.are_several() {
            connections.elect(Box::new(servers.clone()));
        }
        Ok(Self { listen: Listen::new(servers), connections })
    }
}

/// What is answered with success is on disk, whatever the server, database or role has by default. Stronger and
/// weaker ways of waiting are the operator's choice as long as they wait for this server's disk. The value is set also
/// where it does not change, so that a reload of the server's configuration does not change it before the commit.
const DURABLE: &str = "SELECT set_config('synchronous_commit', \
     CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)";

fn make_durable(connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
    Box::pin(async { sqlx::raw_sql(DURABLE).execute(connection).await.map(drop) })
}

/// Waits for as long as other programs migrate, and for as long as a migration takes.
pub(super) async fn migrate(url: &str) -> Result<(), StorageError> {
    let settings = [("client_min_messages", "warning")];
    let adapt = |options: PgConnectOptions| options.application_name("hockeypuck migrate").options(settings);
    let mut connection = Servers::of(url, adapt)?.connect().await?;
    make_durable(&mut connection).await?;
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

    fn admin(&self) -> &dyn AdminStorage {
        self
    }

    fn adoption(&self) -> &dyn AdoptionStorage {
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
