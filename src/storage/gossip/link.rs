//! One way to talk to either engine, so that each operation of this module is written once.

use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::{Connection, Database, PgConnection, Postgres, Sqlite, SqliteConnection, Transaction, Type};

use crate::domain::Digest;
use crate::storage::StorageError;
use crate::storage::pool::Attempts;

/// A store whose database holds what this module keeps.
pub trait Engine: Send + Sync + 'static {
    type Database: Database;

    /// For a query.
    fn reading(&self) -> Attempts<'_, Self::Database>;
    /// For a query of a whole table.
    fn scanning(&self) -> Attempts<'_, Self::Database>;
    /// For a transaction.
    fn writing(&self) -> Attempts<'_, Self::Database>;
    fn link(connection: &mut <Self::Database as Database>::Connection) -> Link<'_>;
    /// Something may have been written to the log; engines that cannot tell each other tell this process.
    fn wrote(&self) {}
}

/// A connection of either engine.
pub enum Link<'c> {
    Postgres(&'c mut PgConnection),
    Sqlite(&'c mut SqliteConnection),
}

impl Link<'_> {
    /// The same connection for a shorter time.
    pub fn again(&mut self) -> Link<'_> {
        match self {
            Self::Postgres(connection) => Link::Postgres(connection),
            Self::Sqlite(connection) => Link::Sqlite(connection),
        }
    }

    /// For writing: SQLite lets nobody else write until its end.
    pub async fn begin(&mut self) -> Result<Work<'_>, StorageError> {
        Ok(match self {
            Self::Postgres(connection) => Work::Postgres(connection.begin().await?),
            Self::Sqlite(connection) => Work::Sqlite(connection.begin_with("BEGIN IMMEDIATE").await?),
        })
    }

    /// For reading: all queries see the same moment.
    pub async fn begin_snapshot(&mut self) -> Result<Work<'_>, StorageError> {
        const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(match self {
            Self::Postgres(connection) => Work::Postgres(connection.begin_with(BEGIN).await?),
            Self::Sqlite(connection) => Work::Sqlite(connection.begin().await?),
        })
    }
}

/// A transaction of either engine; undone unless it is committed.
pub enum Work<'c> {
    Postgres(Transaction<'c, Postgres>),
    Sqlite(Transaction<'c, Sqlite>),
}

impl Work<'_> {
    pub fn link(&mut self) -> Link<'_> {
        match self {
            Self::Postgres(transaction) => Link::Postgres(transaction),
            Self::Sqlite(transaction) => Link::Sqlite(transaction),
        }
    }

    pub async fn commit(self) -> Result<(), StorageError> {
        match self {
            Self::Postgres(transaction) => transaction.commit().await?,
            Self::Sqlite(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}

/// A statement in the words of each engine.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    pub postgres: &'static str,
    pub sqlite: &'static str,
}

/// A statement from literals and the pieces that the engines say differently.
macro_rules! sql {
    ($($piece:tt)+) => {
        $crate::storage::gossip::link::Sql {
            postgres: concat!($($crate::storage::gossip::link::piece!(postgres $piece)),+),
            sqlite: concat!($($crate::storage::gossip::link::piece!(sqlite $piece)),+),
        }
    };
}
pub(in crate::storage) use sql;

macro_rules! piece {
    ($engine:ident $text:literal) => {
        $text
    };
    // Milliseconds since 1970.
    (postgres now) => {
        "floor(extract(epoch FROM now()) * 1000)::bigint"
    };
    (sqlite now) => {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    };
    // Whether what stands before is in the list $1.
    (postgres listed) => {
        "= ANY($1)"
    };
    (sqlite listed) => {
        "IN (SELECT unhex(value) FROM json_each($1))"
    };
    // The list $1 as a table with the column d.
    (postgres elements) => {
        "UNNEST($1::bytea[]) AS e (d)"
    };
    (sqlite elements) => {
        "(SELECT unhex(value) AS d FROM json_each($1)) AS e"
    };
    // SQLite locks the whole database for a transaction that writes.
    (postgres locked) => {
        " FOR UPDATE"
    };
    (postgres unlocked_only) => {
        " FOR UPDATE SKIP LOCKED"
    };
    (sqlite $lock:ident) => {
        ""
    };
}
pub(in crate::storage) use piece;

/// Runs a statement on a [`Link`] with its parameters; answers the rows.
macro_rules! fetch_all {
    ($link:expr, $sql:expr $(, $value:expr)*) => {
        match $link {
            Link::Postgres(connection) => sqlx::query_as($sql.postgres)$(.bind($value))*.fetch_all(connection).await,
            Link::Sqlite(connection) => sqlx::query_as($sql.sqlite)$(.bind($value))*.fetch_all(connection).await,
        }
        .map_err($crate::storage::StorageError::from)
    };
}
pub(in crate::storage) use fetch_all;

/// Runs a statement that answers one row of one column.
macro_rules! fetch_scalar {
    ($link:expr, $sql:expr $(, $value:expr)*) => {
        match $link {
            Link::Postgres(connection) => sqlx::query_scalar($sql.postgres)$(.bind($value))*.fetch_one(connection).await,
            Link::Sqlite(connection) => sqlx::query_scalar($sql.sqlite)$(.bind($value))*.fetch_one(connection).await,
        }
        .map_err($crate::storage::StorageError::from)
    };
}
pub(in crate::storage) use fetch_scalar;

/// Runs a statement; answers how many rows it wrote.
macro_rules! execute {
    ($link:expr, $sql:expr $(, $value:expr)*) => {
        match $link {
            Link::Postgres(connection) => {
                sqlx::query($sql.postgres)$(.bind($value))*.execute(connection).await.map(|done| done.rows_affected())
            }
            Link::Sqlite(connection) => {
                sqlx::query($sql.sqlite)$(.bind($value))*.execute(connection).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::storage::StorageError::from)
    };
}
pub(in crate::storage) use execute;

/// A list of octets as one parameter: an array of PostgreSQL, JSON for SQLite.
#[derive(Clone, Debug)]
pub struct List<'a>(Vec<&'a [u8]>);

impl<'a> List<'a> {
    pub fn of(digests: impl IntoIterator<Item = &'a Digest>) -> Self {
        Self(digests.into_iter().map(|digest| digest.0.as_slice()).collect())
    }

    pub fn of_octets(octets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self(octets.into_iter().collect())
    }
}

impl Type<Postgres> for List<'_> {
    fn type_info() -> <Postgres as Database>::TypeInfo {
        <Vec<&[u8]> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for List<'_> {
    fn encode_by_ref(&self, buffer: &mut <Postgres as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <Vec<&[u8]> as Encode<'_, Postgres>>::encode_by_ref(&self.0, buffer)
    }
}

impl Type<Sqlite> for List<'_> {
    fn type_info() -> <Sqlite as Database>::TypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for List<'_> {
    fn encode_by_ref(&self, buffer: &mut <Sqlite as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let json = crate::storage::sqlite::json_of(self.0.iter().copied());
        <String as Encode<'_, Sqlite>>::encode(json, buffer)
    }
}
