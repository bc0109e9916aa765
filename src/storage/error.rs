//! Why a store could not do what it was asked.

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;
use thiserror::Error;

/// A failure of the store. "Not there" is not one.
#[derive(Debug, Error)]
pub enum StorageError {
    /// No connection became free in time: shed the request.
    #[error("all database connections are busy")]
    Busy,
    /// A statement ran into its deadline, or waited too long for another one.
    #[error("the database did not answer in time")]
    Timeout,
    /// The database cannot be reached, is starting, stopping or read-only.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The schema is not the one of this program.
    #[error("the database schema is not ready: {0}")]
    Schema(String),
    /// A row that no version of this program writes.
    #[error("inconsistent data in {table}.{column}: {detail}")]
    Inconsistent { table: &'static str, column: &'static str, detail: String },
    /// Anything else that the database said.
    #[error("database error: {0}")]
    Database(#[source] sqlx::Error),
}

impl StorageError {
    /// Whether the same call may succeed a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Busy | Self::Timeout | Self::Unavailable(_) => true,
            Self::Schema(_) | Self::Inconsistent { .. } | Self::Database(_) => false,
        }
    }

    /// Whether the database undid a transaction because of another one; nothing of it was written.
    pub(super) fn is_serialization_failure(&self) -> bool {
        let Self::Unavailable(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| matches!(code.as_ref(), SERIALIZATION_FAILURE | DEADLOCK_DETECTED))
    }
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error;
        match &error {
            Error::PoolTimedOut => Self::Busy,
            Error::Io(_) | Error::Tls(_) | Error::PoolClosed | Error::WorkerCrashed => Self::Unavailable(error),
            Error::Database(database) => match classify(database.as_ref()) {
                Class::Busy => Self::Busy,
                Class::Timeout => Self::Timeout,
                Class::Unavailable => Self::Unavailable(error),
                Class::Schema => Self::Schema(database.message().to_owned()),
                Class::Other => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Busy,
    Timeout,
    Unavailable,
    Schema,
    Other,
}

const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK_DETECTED: &str = "40P01";

/// The first entry that an SQLSTATE begins with decides.
const SQLSTATES: [(&str, Class); 15] = [
    ("08", Class::Unavailable),                  // connection exceptions
    ("25006", Class::Unavailable),               // read-only transaction: a standby
    ("25P03", Class::Timeout),                   // idle in transaction
    ("25P04", Class::Timeout),                   // transaction timeout
    ("3F000", Class::Schema),                    // no such schema
    (SERIALIZATION_FAILURE, Class::Unavailable), // after repetitions
    (DEADLOCK_DETECTED, Class::Unavailable),     // after repetitions
    ("42P01", Class::Schema),                    // no such table
    ("42703", Class::Schema),                    // no such column
    ("53300", Class::Busy),                      // too many connections
    ("53", Class::Unavailable),                  // out of memory or disk space
    ("55P03", Class::Timeout),                   // lock timeout
    ("57014", Class::Timeout),                   // statement timeout
    ("57P", Class::Unavailable),                 // starting up, shutting down, crashed
    ("58", Class::Unavailable),                  // the operating system's errors
];

/// Primary result codes of SQLite.
const SQLITE_CODES: [(i32, Class); 8] = [
    (5, Class::Timeout),      // busy: another process writes
    (6, Class::Timeout),      // locked
    (8, Class::Unavailable),  // read-only
    (9, Class::Timeout),      // interrupted
    (10, Class::Unavailable), // input or output error
    (13, Class::Unavailable), // disk full
    (14, Class::Unavailable), // cannot open the file
    (15, Class::Unavailable), // locking protocol
];

fn classify(error: &dyn DatabaseError) -> Class {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_none() {
        return of_sqlstate(&code);
    }
    let is_missing = error.message().starts_with("no such table") || error.message().starts_with("no such column");
    if is_missing { Class::Schema } else { of_sqlite(&code) }
}

fn of_sqlstate(code: &str) -> Class {
    SQLSTATES.iter().find(|(prefix, _)| code.starts_with(prefix)).map_or(Class::Other, |(_, class)| *class)
}

/// `code` is an extended result code; its low octet is the primary one.
fn of_sqlite(code: &str) -> Class {
    let primary = code.parse::<i32>().map_or(0, |extended| extended & 0xff);
    SQLITE_CODES.iter().find(|(known, _)| *known == primary).map_or(Class::Other, |(_, class)| *class)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Callers shed load, retry or give up by the class, so each state has exactly the one that fits.
    #[test]
    fn sqlstates_have_their_class() {
        for (code, class) in [
            ("08006", Class::Unavailable),
            ("25006", Class::Unavailable),
            ("40001", Class::Unavailable),
            ("40P01", Class::Unavailable),
            ("42P01", Class::Schema),
            ("53300", Class::Busy),
            ("53100", Class::Unavailable),
            ("55P03", Class::Timeout),
            ("57014", Class::Timeout),
            ("57P01", Class::Unavailable),
            ("57P03", Class::Unavailable),
            ("23505", Class::Other),
            ("42601", Class::Other),
            ("28P01", Class::Other),
            ("", Class::Other),
        ] {
            assert_eq!(of_sqlstate(code), class, "{code}");
        }
        for (code, class) in [
            ("5", Class::Timeout),
            ("517", Class::Timeout),
            ("1032", Class::Unavailable),
            ("13", Class::Unavailable),
            ("2067", Class::Other),
            ("nonsense", Class::Other),
        ] {
            assert_eq!(of_sqlite(code), class, "{code}");
        }
    }
}
