//! Stores to test with: each test has a database of its own.

use std::collections::HashSet;
use std::time::Duration;

use hockeypuck::domain::{Change, Profile, Sign};
use hockeypuck::storage::{self, Put, PutOutcome, Store, StoreLimits};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

use super::postgres;

/// Runs a test on both engines: `name::sqlite` and `name::postgres`.
macro_rules! on_both_engines {
    ($(#[$doc:meta])* async fn $name:ident($world:ident: World) $body:block) => {
        $(#[$doc])*
        async fn $name($world: World) $body

        mod $name {
            /// On SQLite.
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name($crate::support::store::World::sqlite().await).await;
            }

            /// On PostgreSQL.
            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$name($crate::support::store::World::postgres().await).await;
            }
        }
    };
}
pub(crate) use on_both_engines;

/// A migrated, empty store, and a way past it.
pub struct World {
    pub store: Store,
    pub url: String,
    _directory: Option<TempDir>,
}

impl World {
    pub async fn sqlite() -> Self {
        let (url, directory) = sqlite_url();
        Self::migrated(url, Some(directory)).await
    }

    pub async fn postgres() -> Self {
        Self::migrated(postgres::fresh_database().await, None).await
    }

    async fn migrated(url: String, directory: Option<TempDir>) -> Self {
        storage::migrate(&url).await.expect("the schema is created");
        let store = storage::open(&url, &patient()).await.expect("the store opens");
        Self { store, url, _directory: directory }
    }

    /// The name of this PostgreSQL database.
    pub fn database(&self) -> &str {
        self.url.split(['/', '?']).nth(3).expect("the URL names a database")
    }

    /// Puts that must succeed.
    pub async fn put(&self, puts: &[Put]) -> Vec<PutOutcome> {
        self.store.put(puts).await.expect("the store takes puts")
    }

    /// The whole change log.
    pub async fn log(&self) -> Vec<Change> {
        self.store.changes(0, 1_000_000).await.expect("the log is read")
    }

    /// Replaying the log must give exactly the stored digests, each entering and leaving in turn.
    pub async fn assert_log_leads_to_digests(&self) {
        let mut replayed = HashSet::new();
        for Change { profile, sign, digest, fingerprint, .. } in self.log().await {
            let entry = (profile, digest, fingerprint);
            let is_right = match sign {
                Sign::Plus => replayed.insert(entry),
                Sign::Minus => replayed.remove(&entry),
            };
            assert!(is_right, "{sign:?} {entry:?} is out of turn");
        }
        let stored = self.store.digests(None, 1_000_000).await.expect("digests are listed");
        let stored: HashSet<_> = stored
            .into_iter()
            .flat_map(|(fingerprint, digests)| {
                Profile::ALL.into_iter().filter_map(move |p| Some((p, digests.of(p)?, fingerprint)))
            })
            .collect();
        assert_eq!(replayed, stored);
    }

    /// SQL literals for octets and for a time an hour ago or from now.
    pub fn blob_and_expiry(&self, octets: &[u8], is_past: bool) -> (String, String) {
        let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let sign = if is_past { '-' } else { '+' };
        if self.url.starts_with("sqlite:") {
            (format!("x'{digits}'"), format!("unixepoch() {sign} 3600"))
        } else {
            (format!("'\\x{digits}'"), format!("now() {sign} interval '1 hour'"))
        }
    }

    /// Runs a statement without parameters behind the store's back.
    pub async fn execute(&self, statement: &str) {
        execute(&self.url, statement).await;
    }

    /// The one number that a query answers.
    pub async fn number(&self, query: &str) -> i64 {
        let query = sqlx::AssertSqlSafe(query.to_owned());
        let number = match self.raw().await {
            Raw::Sqlite(mut connection) => sqlx::query_scalar(query).fetch_one(&mut connection).await,
            Raw::Postgres(mut connection) => sqlx::query_scalar(query).fetch_one(&mut connection).await,
        };
        number.expect("the query answers a number")
    }

    /// The texts that a query answers.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let query = sqlx::AssertSqlSafe(query.to_owned());
        let texts = match self.raw().await {
            Raw::Sqlite(mut connection) => sqlx::query_scalar(query).fetch_all(&mut connection).await,
            Raw::Postgres(mut connection) => sqlx::query_scalar(query).fetch_all(&mut connection).await,
        };
        texts.expect("the query answers texts")
    }

    /// Waits until `count` statements in this PostgreSQL database wait for locks.
    pub async fn wait_for_waiting_statements(&self, count: i64) {
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let wait = async { while self.number(waiting).await < count {} };
        tokio::time::timeout(Duration::from_secs(60), wait).await.expect("statements wait for locks");
    }

    /// Ends all connections to this PostgreSQL database, as a restart of the server does.
    pub async fn end_connections(&self) {
        let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        self.number(end).await;
    }

    /// Ends the connections whose statements wait for a lock; who holds the lock goes on.
    pub async fn end_waiting_connections(&self) {
        let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        self.number(end).await;
    }

    /// A connection that the store does not know.
    pub async fn raw(&self) -> Raw {
        raw(&self.url).await
    }
}

/// Runs a statement without parameters on the database at `url`.
pub async fn execute(url: &str, statement: &str) {
    let statement = sqlx::AssertSqlSafe(statement.to_owned());
    let done = match raw(url).await {
        Raw::Sqlite(mut connection) => sqlx::query(statement).execute(&mut connection).await.map(|_| ()),
        Raw::Postgres(mut connection) => sqlx::query(statement).execute(&mut connection).await.map(|_| ()),
    };
    done.expect("the statement runs");
}

async fn raw(url: &str) -> Raw {
    if url.starts_with("sqlite:") {
        Raw::Sqlite(SqliteConnection::connect(url).await.expect("SQLite connects"))
    } else {
        Raw::Postgres(PgConnection::connect(url).await.expect("PostgreSQL connects"))
    }
}

pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// The URL of a SQLite file that does not exist yet, in a directory that lasts as long as the second value.
pub fn sqlite_url() -> (String, TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    (format!("sqlite:{}", directory.path().join("store.sqlite").display()), directory)
}

/// Limits that a busy machine does not reach.
pub fn patient() -> StoreLimits {
    StoreLimits {
        connections: 16,
        acquire_timeout: Duration::from_secs(60),
        statement_timeout: Duration::from_secs(60),
    }
}
