//! Why a store could not do what it was asked.

use thiserror::Error;

/// A failure of the store. "Not there" is not one.
#[derive(Debug, Error)]
pub enum StorageError {
    /// No connection became free in time: shed the request.
    #[error("all database connections are busy")]
    Busy,
    /// A statement ran into its deadline.
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
}
