//! Whether the store can do its work.

use std::io;

use sqlx::PgConnection;
use sqlx::migrate::Migrator;

use crate::storage::StorageError;
use crate::storage::schema::{APPLIED, AppliedRow, compare};

pub async fn check(conn: &mut PgConnection, expected: &Migrator) -> Result<(), StorageError> {
    let applied: Vec<AppliedRow> = sqlx::query_as(APPLIED).fetch_all(&mut *conn).await?;
    compare(expected, applied)?;
    let is_read_only: bool =
        sqlx::query_scalar("SELECT current_setting('transaction_read_only')::boolean").fetch_one(conn).await?;
    if is_read_only {
        let cause = io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "it is read-only: a standby, or set so");
        return Err(StorageError::Unavailable(cause.into()));
    }
    Ok(())
}
