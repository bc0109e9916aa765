//! Which database, and the limits on its use.

use std::path::PathBuf;
use std::time::Duration;

use super::DatabaseUrl;
use super::reader::{Key, Reader};

/// `dataDir` and `[hockeypuck.openpgp.db]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Holds the embedded database, unless another one is used.
    pub data_dir: PathBuf,
    pub url: DatabaseUrl,
    /// The most connections that are open at once.
    pub max_connections: u32,
    /// How long a query may wait for a connection.
    pub acquire_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// The most certificates that one search answers.
    pub request_query_limit: u32,
}

const DATA_DIR: Key = Key::new("dataDir").flag("data-dir");
const DRIVER: Key = Key::new("openpgp.db.driver");
pub(super) const DSN: Key = Key::new("openpgp.db.dsn").flag("database-url").secret();
const SQLITE: &str = "sqlite";
const POSTGRES: &str = "postgres-jsonb";

impl Store {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        // A file that names no database is one of Hockeypuck's: an empty embedded store in its place would surprise.
        let is_postgres = reader.has_file() && !reader.is_set(&DATA_DIR);
        let data_dir = reader.get(DATA_DIR, PathBuf::from("hockeypuck-data"));
        let is_postgres = reader.text_of(&DSN).map_or(is_postgres, |dsn| !dsn.trim_start().starts_with("sqlite:"));
        let driver = if is_postgres { POSTGRES } else { SQLITE };
        let driver = reader.text(DRIVER, driver, check_driver);
        let default = if driver == SQLITE { DatabaseUrl::sqlite_in(&data_dir) } else { DatabaseUrl::local_postgres() };
        Self {
            data_dir,
            url: reader.get(DSN, default),
            max_connections: count(reader, "openpgp.db.maxConnections", 16, 1000),
            acquire_timeout: reader.seconds(Key::new("openpgp.db.acquireTimeoutSecs"), 2),
            statement_timeout: reader.seconds(Key::new("openpgp.db.statementTimeoutSecs"), 10),
            request_query_limit: count(reader, "openpgp.db.requestQueryLimit", 100, 100_000),
        }
    }
}

fn check_driver(driver: &str) -> Result<(), String> {
    match driver {
        POSTGRES | SQLITE => Ok(()),
        _ => Err(format!("\"{POSTGRES}\" or \"{SQLITE}\"")),
    }
}

/// A number from 1 to `most`.
fn count(reader: &mut Reader<'_>, path: &'static str, default: i64, most: i64) -> u32 {
    u32::try_from(reader.number(Key::new(path), default, 1..=most)).unwrap_or(u32::MAX)
}
