//! The store in one SQLite file, for small servers and tests.
//!
//! One connection writes, others read; another process may write too and is waited for.

pub(super) mod changes;
mod check;
pub mod find;
mod lists;
pub(super) mod put;
pub(super) mod remove;
mod stats;

use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection};
use tokio::sync::Notify;

use super::gossip::link::{Engine, Link};
use super::pool::{Attempts, Bounds, Connections, run};
use super::schema::migrate_error;
use super::{
    AdminStorage, GossipStorage, HourlyCounts, MergeBase, PoolState, Put, PutOutcome, Storage, StorageError,
    StoreLimits, StoredCertificate, StoredSummary, WRITE_STATEMENTS, Watch,
};
use crate::domain::{Change, Digest, Digests, Fingerprint, Search};

static MIGRATOR: Migrator = sqlx::migrate!("migrations/sqlite");

/// The write-ahead log is cut back to this size, in octets, when it has been copied to the file.
const JOURNAL_OCTETS_LIMIT: &str = "67108864";

/// How long a migration waits for those of other processes, and how long between tries.
const MIGRATION_WAIT: Duration = Duration::from_secs(300);
const MIGRATION_PAUSE: Duration = Duration::from_millis(20);

pub struct SqliteStore {
    readers: Connections<Sqlite>,
    writer: Connections<Sqlite>,
    /// Something was written by this process; others' writes are found by looking.
    changed: Notify,
}

impl SqliteStore {
    pub(super) fn new(url: &str, limits: &StoreLimits, watch: Watch) -> Result<Self, StorageError> {
        let options = options(url)?.busy_timeout(limits.statement_timeout);
        let bounds = Bounds {
            connections: limits.connections,
            acquire_timeout: limits.acquire_timeout,
            read_timeout: limits.statement_timeout,
            write_timeout: limits.statement_timeout.saturating_mul(WRITE_STATEMENTS),
        };
        Ok(Self {
            readers: Connections::new(options.clone(), bounds, ping, watch.clone()),
            writer: Connections::new(options, Bounds { connections: 1, ..bounds }, ping, watch),
            changed: Notify::new(),
        })
    }
}

/// Creates the file, and its directory, if they are missing. All pending migrations are one
/// transaction that keeps other processes waiting.
pub(super) async fn migrate(url: &str) -> Result<(), StorageError> {
    let options = options(url)?.create_if_missing(true);
    if let Some(directory) = options.get_filename().parent().filter(|path| *path != Path::new("")) {
        std::fs::create_dir_all(directory).map_err(sqlx::Error::Io)?;
    }
    let mut connection = connect_to_migrate(&options.busy_timeout(MIGRATION_WAIT)).await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    MIGRATOR.run_direct(None, &mut *transaction, false).await.map_err(migrate_error)?;
    transaction.commit().await?;
    Ok(connection.close().await?)
}

/// Tries again while others create the file: SQLite does not wait for the switch to the write-ahead log.
async fn connect_to_migrate(options: &SqliteConnectOptions) -> Result<SqliteConnection, StorageError> {
    let deadline = Instant::now() + MIGRATION_WAIT;
    loop {
        match options.connect().await.map_err(StorageError::from) {
            Err(StorageError::Timeout) if Instant::now() < deadline => tokio::time::sleep(MIGRATION_PAUSE).await,
            result => return result,
        }
    }
}

/// Nothing has to be prepared.
fn ping(connection: &mut SqliteConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
    Box::pin(connection.ping())
}

fn options(url: &str) -> Result<SqliteConnectOptions, StorageError> {
    let options = SqliteConnectOptions::from_str(url)?
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged survives a power failure.
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", JOURNAL_OCTETS_LIMIT)
        .pragma("temp_store", "memory");
    Ok(options)
}

impl Engine for SqliteStore {
    type Database = Sqlite;

    fn reading(&self) -> Attempts<'_, Sqlite> {
        self.readers.reading()
    }

    fn scanning(&self) -> Attempts<'_, Sqlite> {
        self.readers.scanning()
    }

    fn writing(&self) -> Attempts<'_, Sqlite> {
        self.writer.writing()
    }

    fn link(connection: &mut SqliteConnection) -> Link<'_> {
        Link::Sqlite(connection)
    }

    fn wrote(&self) {
        self.changed.notify_one();
    }
}

#[async_trait]
impl Storage for SqliteStore {
    async fn certificates(&self, search: &Search, limit: u32) -> Result<Vec<StoredCertificate>, StorageError> {
        run!(self.readers.reading(), find::certificates, search, limit)
    }

    async fn summaries(&self, search: &Search, limit: u32) -> Result<Vec<StoredSummary>, StorageError> {
        run!(self.readers.reading(), find::summaries, search, limit)
    }

    async fn by_digests(&self, digests: &[Digest], limit_octets: u64) -> Result<Vec<Bytes>, StorageError> {
        run!(self.readers.reading(), find::by_digests, digests, limit_octets)
    }

    async fn merge_bases(&self, fingerprints: &[Fingerprint]) -> Result<Vec<MergeBase>, StorageError> {
        run!(self.readers.reading(), find::merge_bases, fingerprints)
    }

    async fn put(&self, puts: &[Put]) -> Result<Vec<PutOutcome>, StorageError> {
        let written = run!(self.writer.writing(), put::put, puts);
        self.changed.notify_one();
        written
    }

    async fn remove(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Fingerprint>, StorageError> {
        let removed = run!(self.writer.writing(), remove::remove, fingerprints);
        self.changed.notify_one();
        removed
    }

    async fn count(&self) -> Result<u64, StorageError> {
        run!(self.readers.reading(), stats::count)
    }

    async fn changes(&self, after: i64, limit: u32) -> Result<Vec<Change>, StorageError> {
        run!(self.readers.reading(), changes::changes, after, limit)
    }

    async fn digests(
        &self,
        after: Option<&Fingerprint>,
        limit: u32,
    ) -> Result<Vec<(Fingerprint, Digests)>, StorageError> {
        run!(self.readers.reading(), changes::digests, after, limit)
    }

    async fn add_hourly(&self, hour: i64, counts: HourlyCounts) -> Result<(), StorageError> {
        run!(self.writer.writing(), stats::add_hourly, hour, counts)
    }

    async fn hourly(&self, since: i64) -> Result<Vec<(i64, HourlyCounts)>, StorageError> {
        run!(self.readers.reading(), stats::hourly, since)
    }

    async fn wait_for_change(&self, limit: Duration) {
        let _ = tokio::time::timeout(limit, self.changed.notified()).await;
    }

    async fn check(&self) -> Result<(), StorageError> {
        run!(self.writer.writing(), check::check, &MIGRATOR)
    }

    fn gossip(&self) -> &dyn GossipStorage {
        self
    }

    fn admin(&self) -> &dyn AdminStorage {
        self
    }

    fn pool(&self) -> PoolState {
        let (readers, writer) = (self.readers.state(), self.writer.state());
        PoolState {
            idle: readers.idle + writer.idle,
            in_use: readers.in_use + writer.in_use,
            limit: readers.limit + writer.limit,
        }
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// A list parameter: SQLite has no arrays, but reads JSON.
pub(super) fn json_of<'a>(values: impl Iterator<Item = &'a [u8]>) -> String {
    let texts: Vec<String> = values.map(|octets| format!("\"{}\"", hex::encode(octets))).collect();
    format!("[{}]", texts.join(","))
}
