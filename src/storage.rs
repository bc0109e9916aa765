//! Where certificates live: PostgreSQL, or one SQLite file, behind one trait.
//!
//! A certificate's row, its lists and its change-log rows are one transaction. Nothing here
//! parses OpenPGP data. "Not there" is an empty list or `None`, never an error.

pub mod admin;
pub mod adopt;
mod codec;
pub mod error;
pub mod gossip;
mod pool;
pub mod postgres;
mod rows;
mod schema;
pub mod sql;
pub mod sqlite;
pub mod watch;
mod write;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

pub use admin::AdminStorage;
pub use adopt::AdoptionStorage;
pub use error::StorageError;
pub use gossip::GossipStorage;
use postgres::PostgresStore;
use sqlite::SqliteStore;
pub use watch::Watch;

use crate::domain::{Change, Digest, Digests, Fingerprint, LegacyForm, Record, Search, Summary};

/// A transaction takes at most as long as this many statements at their deadlines.
const WRITE_STATEMENTS: u32 = 6;

/// A store as the layers above share it.
pub type Store = Arc<dyn Storage>;

/// Opens the store at `url`: `postgres://…`, `postgresql://…` or `sqlite:PATH`.
///
/// Connects only when a connection is first needed and does not touch the schema, so the only
/// errors are those of the URL.
pub async fn open(url: &str, limits: &StoreLimits) -> Result<Store, StorageError> {
    open_watched(url, limits, Watch::default()).await
}

/// As [`open`]; `watch` hears of every operation.
#[expect(clippy::unused_async, reason = "the pools start tasks, so they are made inside a runtime")]
pub async fn open_watched(url: &str, limits: &StoreLimits, watch: Watch) -> Result<Store, StorageError> {
    match Engine::of(url)? {
        Engine::Sqlite => Ok(Arc::new(SqliteStore::new(url, limits, watch)?)),
        Engine::Postgres => Ok(Arc::new(PostgresStore::new(url, limits, watch)?)),
    }
}

/// Brings the schema at `url` up to that of this program. Does nothing when it is; any number of
/// processes may do it at once.
pub async fn migrate(url: &str) -> Result<(), StorageError> {
    match Engine::of(url)? {
        Engine::Sqlite => sqlite::migrate(url).await,
        Engine::Postgres => postgres::migrate(url).await,
    }
}

/// What a URL's scheme selects.
enum Engine {
    Postgres,
    Sqlite,
}

impl Engine {
    fn of(url: &str) -> Result<Self, StorageError> {
        match url.split_once(':') {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres),
            Some(("sqlite", _)) => Ok(Self::Sqlite),
            _ => Err(StorageError::Database(sqlx::Error::Configuration(
                "a database URL begins with postgres:, postgresql: or sqlite:".into(),
            ))),
        }
    }
}

/// What the keyserver asks of a database. All methods are cancel safe: a transaction that is
/// dropped half-way is rolled back.
#[async_trait]
pub trait Storage: Send + Sync + 'static {
    /// The certificates that match, best first and at most `limit`: those whose primary key
    /// matches before those with a matching subkey, then by the octets of the fingerprint.
    async fn certificates(&self, search: &Search, limit: u32) -> Result<Vec<StoredCertificate>, StorageError>;

    /// What index views show of the certificates that match, in the order of [`Storage::certificates`].
    async fn summaries(&self, search: &Search, limit: u32) -> Result<Vec<StoredSummary>, StorageError>;

    /// The packets of the certificates that have one of `digests` in any profile; stops before the
    /// sum of their lengths exceeds `limit_octets`, but never before the first.
    async fn by_digests(&self, digests: &[Digest], limit_octets: u64) -> Result<Vec<Bytes>, StorageError>;

    /// The stored forms of `fingerprints`, as [`Storage::put`] wants them back; in any order.
    async fn merge_bases(&self, fingerprints: &[Fingerprint]) -> Result<Vec<MergeBase>, StorageError>;

    /// Writes certificates in one transaction, each only if its stored form is still the one that
    /// the caller merged with. The outcomes are in the order of `puts`; no fingerprint may occur twice.
    async fn put(&self, puts: &[Put]) -> Result<Vec<PutOutcome>, StorageError>;

    /// Deletes certificates by the fingerprint of their primary key; answers those that were there. What was
    /// settled with these fingerprints is open again: see [`gossip::RecoveryStorage::unsettle`].
    async fn remove(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Fingerprint>, StorageError>;

    /// The exact number of certificates. Takes time in proportion to it, so callers keep the answer for a while.
    async fn count(&self) -> Result<u64, StorageError>;

    /// Change-log rows after position `after`, oldest first, at most `limit`, that no transaction
    /// still under way can precede.
    async fn changes(&self, after: i64, limit: u32) -> Result<Vec<Change>, StorageError>;

    /// Every stored fingerprint with its digests, in order of the fingerprint's octets, after `after`, at most `limit`.
    async fn digests(
        &self,
        after: Option<&Fingerprint>,
        limit: u32,
    ) -> Result<Vec<(Fingerprint, Digests)>, StorageError>;

    /// Adds to the counts of an hour (seconds since 1970, a multiple of 3600).
    async fn add_hourly(&self, hour: i64, counts: HourlyCounts) -> Result<(), StorageError>;

    /// The counts of all hours from `since` on, oldest first.
    async fn hourly(&self, since: i64) -> Result<Vec<(i64, HourlyCounts)>, StorageError>;

    /// Waits until something may have been written to the log, or asked of units, at most `limit`. One
    /// caller at a time is told soon; while the database is away nobody is told of anything.
    async fn wait_for_change(&self, limit: Duration);

    /// Whether the database answers, is writable, and has the schema of this program.
    async fn check(&self) -> Result<(), StorageError>;

    /// What reconciliation with other keyservers keeps in the same database.
    fn gossip(&self) -> &dyn GossipStorage;

    /// What operators do to certificates: signed requests, and the blocklist.
    fn admin(&self) -> &dyn AdminStorage;

    /// What another keyserver left in the same database.
    fn adoption(&self) -> &dyn AdoptionStorage {
        &adopt::NothingToAdopt
    }

    /// Connections in use and in all, for the metrics.
    fn pool(&self) -> PoolState;

    /// Waits for running statements and closes all connections.
    async fn close(&self);
}

/// A certificate as a lookup serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCertificate {
    pub fingerprint: Fingerprint,
    pub digests: Digests,
    /// All normalised packets.
    pub packets: Bytes,
    pub legacy: LegacyForm,
}

/// What index views show of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSummary {
    pub digests: Digests,
    pub summary: Summary,
}

/// The stored form of a certificate, to merge with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeBase {
    pub fingerprint: Fingerprint,
    pub packets: Bytes,
    pub revision: Revision,
}

/// Counts the writes of one row, from 1; a write names the revision that it replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision(pub i64);

/// One write.
#[derive(Clone, Debug)]
pub struct Put {
    pub record: Record,
    /// The revision merged with; `None` when there was no such certificate.
    pub base: Option<Revision>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    Inserted,
    Updated,
    /// Somebody else wrote first: fetch the merge base again.
    Conflict,
    /// The certificate is on the blocklist; nothing was written.
    Blocked,
    /// Another certificate has one of the digests: a constructed MD5 collision; nothing was written.
    DigestTaken,
}

/// What happened in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HourlyCounts {
    pub inserted: u64,
    pub updated: u64,
    pub removed: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolState {
    pub idle: u32,
    pub in_use: u32,
    pub limit: u32,
}

/// Limits of a store. Reaching one is an error that the caller can tell from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// The most connections that are open at once.
    pub connections: u32,
    /// How long a query may wait for a connection before it is refused.
    pub acquire_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self { connections: 16, acquire_timeout: Duration::from_secs(2), statement_timeout: Duration::from_secs(10) }
    }
}
