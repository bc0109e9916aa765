//! Stores to test with: each test has a database of its own.

use std::time::Duration;

use hockeypuck::domain::Change;
use hockeypuck::storage::{self, Put, PutOutcome, Store, StoreLimits};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

use super::postgres;

/// Runs a test on both engines: `name::sqlite` and `name::postgres`.
macro_rules! on_both_engines {
    ($(#[$doc:meta])* async fn $name:ident($world:ident: World) $body:block) => {
        $(#[$doc])*
        mod $name {
            #[allow(clippy::allow_attributes, unused_imports, reason = "not every test uses all of its module's imports")]
            use super::*;

            async fn run($world: $crate::support::store::World) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                run($crate::support::store::World::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                run($crate::support::store::World::postgres().await).await;
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

    /// Puts that must succeed.
    pub async fn put(&self, puts: &[Put]) -> Vec<PutOutcome> {
        self.store.put(puts).await.expect("the store takes puts")
    }

    /// The whole change log.
    pub async fn log(&self) -> Vec<Change> {
        self.store.changes(0, 1_000_000).await.expect("the log is read")
    }

    /// Runs a statement without parameters behind the store's back.
    pub async fn execute(&self, statement: &str) {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        let done = match self.raw().await {
            Raw::Sqlite(mut connection) => sqlx::query(statement).execute(&mut connection).await.map(|_| ()),
            Raw::Postgres(mut connection) => sqlx::query(statement).execute(&mut connection).await.map(|_| ()),
        };
        done.expect("the statement runs");
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

    /// A connection that the store does not know.
    pub async fn raw(&self) -> Raw {
        if self.url.starts_with("sqlite:") {
            Raw::Sqlite(SqliteConnection::connect(&self.url).await.expect("SQLite connects"))
        } else {
            Raw::Postgres(PgConnection::connect(&self.url).await.expect("PostgreSQL connects"))
        }
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
