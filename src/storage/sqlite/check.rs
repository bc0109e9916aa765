//! Whether the store can do its work.

use sqlx::migrate::Migrator;
use sqlx::{Connection, SqliteConnection};

use crate::storage::StorageError;
use crate::storage::schema::{APPLIED, AppliedRow, compare};

pub async fn check(conn: &mut SqliteConnection, expected: &Migrator) -> Result<(), StorageError> {
    let applied: Vec<AppliedRow> = sqlx::query_as(APPLIED).fetch_all(&mut *conn).await?;
    compare(expected, applied)?;
    // Taking the write lock fails on a read-only file.
    conn.begin_with("BEGIN IMMEDIATE").await?.rollback().await?;
    Ok(())
}
