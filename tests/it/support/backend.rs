//! A fresh database of each kind for the binary.

use std::fmt;
use std::sync::Arc;
use std::thread;

use tempfile::TempDir;

use super::postgres;

/// A database that is empty when the server first opens it.
#[derive(Clone)]
pub enum Backend {
    /// In the server's data directory.
    Sqlite(Arc<TempDir>),
    /// The URL of a database in the cluster of this test process.
    Postgres(String),
}

impl Backend {
    pub fn sqlite() -> Self {
        Self::Sqlite(Arc::new(tempfile::tempdir().unwrap()))
    }

    pub fn postgres() -> Self {
        Self::Postgres(runtime().block_on(postgres::fresh_database()))
    }

    /// For asynchronous tests.
    pub async fn postgres_async() -> Self {
        Self::Postgres(postgres::fresh_database().await)
    }

    /// The URL by which the library opens it.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(directory) => format!("sqlite://{}", directory.path().join("hockeypuck.sqlite").display()),
            Self::Postgres(url) => url.clone(),
        }
    }

    /// The flags that name it.
    pub fn arguments(&self) -> [String; 2] {
        match self {
            Self::Sqlite(directory) => ["--data-dir".into(), directory.path().display().to_string()],
            Self::Postgres(url) => ["--database-url".into(), url.clone()],
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        })
    }
}

/// Runs `test` on a database of each kind, at once. A failure on one does not end the other.
pub fn on_each_backend(test: impl Fn(Backend) + Sync) {
    thread::scope(|scope| {
        let test = &test;
        let backends = [Backend::sqlite(), Backend::postgres()];
        let running = backends.map(|backend| (backend.to_string(), scope.spawn(move || test(backend))));
        let failed: Vec<String> =
            running.into_iter().filter_map(|(name, test)| test.join().is_err().then_some(name)).collect();
        assert!(failed.is_empty(), "failed on {}", failed.join(" and "));
    });
}

/// For tests that are not asynchronous themselves.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
