//! The change log and the digests that it leads to.

use sqlx::PgConnection;

use super::{CHANGES_CHANNEL, lock};
use crate::domain::{Change, Digests, Fingerprint};
use crate::storage::rows::{ChangeRow, DigestsRow, decode_all};
use crate::storage::write::Log;
use crate::storage::{StorageError, sql};

const APPEND: &str = "INSERT INTO changes (profile, sign, digest, fingerprint) \
     SELECT * FROM UNNEST($1::smallint[], $2::smallint[], $3::bytea[], $4::bytea[])";

/// The last statement before the commit: others wait for it.
pub async fn append(conn: &mut PgConnection, log: &Log) -> Result<(), StorageError> {
    let entries = &log.0;
    if entries.is_empty() {
        return Ok(());
    }
    lock::log(conn, CHANGES_CHANNEL).await?;
    sqlx::query(APPEND)
        .bind(entries.iter().map(|entry| entry.profile.code()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.sign.code()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.digest.0.as_slice()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.fingerprint.as_bytes()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn changes(conn: &mut PgConnection, after: i64, limit: u32) -> Result<Vec<Change>, StorageError> {
    let rows: Vec<ChangeRow> = sqlx::query_as(sql::CHANGES).bind(after).bind(i64::from(limit)).fetch_all(conn).await?;
    decode_all(rows)
}

pub async fn digests(
    conn: &mut PgConnection,
    after: Option<&Fingerprint>,
    limit: u32,
) -> Result<Vec<(Fingerprint, Digests)>, StorageError> {
    let after = after.map(Fingerprint::as_bytes).unwrap_or_default();
    let rows: Vec<DigestsRow> = sqlx::query_as(sql::DIGESTS).bind(after).bind(i64::from(limit)).fetch_all(conn).await?;
    decode_all(rows)
}
