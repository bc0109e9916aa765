//! The change log and the digests that it leads to.

use sqlx::SqliteConnection;

use crate::domain::{Change, Digests, Fingerprint};
use crate::storage::rows::{ChangeRow, DigestsRow, decode_all};
use crate::storage::write::Log;
use crate::storage::{StorageError, sql};

/// Writes are serial, so positions become visible in their order.
pub async fn append(conn: &mut SqliteConnection, log: &Log) -> Result<(), StorageError> {
    for entry in &log.0 {
        sqlx::query("INSERT INTO changes (profile, sign, digest, fingerprint) VALUES ($1, $2, $3, $4)")
            .bind(entry.profile.code())
            .bind(entry.sign.code())
            .bind(entry.digest.0.as_slice())
            .bind(entry.fingerprint.as_bytes())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

pub async fn changes(conn: &mut SqliteConnection, after: i64, limit: u32) -> Result<Vec<Change>, StorageError> {
    let rows: Vec<ChangeRow> = sqlx::query_as(sql::CHANGES).bind(after).bind(i64::from(limit)).fetch_all(conn).await?;
    decode_all(rows)
}

pub async fn digests(
    conn: &mut SqliteConnection,
    after: Option<&Fingerprint>,
    limit: u32,
) -> Result<Vec<(Fingerprint, Digests)>, StorageError> {
    let after = after.map(Fingerprint::as_bytes).unwrap_or_default();
    let rows: Vec<DigestsRow> = sqlx::query_as(sql::DIGESTS).bind(after).bind(i64::from(limit)).fetch_all(conn).await?;
    decode_all(rows)
}
