//! Writing certificates.

use sqlx::{Connection, SqliteConnection};

use super::{changes, lists};
use crate::domain::{Digests, Profile};
use crate::storage::rows::LockedRow;
use crate::storage::write::{Log, NewRow, Outcomes};
use crate::storage::{Put, PutOutcome, Revision, StorageError};

const INSERT: &str = "INSERT INTO certs \
     (fingerprint, version, digest_v23, digest_v24, length, lists, legacy_form, summary, packets, legacy) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id";

const UPDATE: &str = "UPDATE OR IGNORE certs SET digest_v23 = $2, digest_v24 = $3, length = $4, lists = $5, \
     legacy_form = $6, summary = $7, packets = $8, legacy = $9, revision = revision + 1, updated_at = unixepoch() \
     WHERE id = $1";

pub async fn put(conn: &mut SqliteConnection, puts: &[Put]) -> Result<Vec<PutOutcome>, StorageError> {
    let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
    let (outcomes, log) = write(&mut transaction, puts).await?;
    changes::append(&mut transaction, &log).await?;
    transaction.commit().await?;
    Ok(outcomes)
}

/// All but the log, in the caller's transaction.
pub async fn write(conn: &mut SqliteConnection, puts: &[Put]) -> Result<(Vec<PutOutcome>, Log), StorageError> {
    let rows = NewRow::sorted(puts)?;
    let mut outcomes = Outcomes::new(puts.len());
    let mut log = Log::default();
    for row in &rows {
        outcomes.set(row, put_one(conn, row, &mut log).await?);
    }
    Ok((outcomes.into_vec(), log))
}

async fn put_one(conn: &mut SqliteConnection, row: &NewRow<'_>, log: &mut Log) -> Result<PutOutcome, StorageError> {
    if is_blocked(conn, row.fingerprint()).await? {
        return Ok(PutOutcome::Blocked);
    }
    let stored = stored(conn, row.fingerprint()).await?;
    match (row.put.base, stored) {
        (None, None) => insert(conn, row, log).await,
        (Some(Revision(base)), Some(stored)) if base == stored.revision => update(conn, row, &stored, log).await,
        (None, Some(_)) | (Some(_), _) => Ok(PutOutcome::Conflict),
    }
}

async fn insert(conn: &mut SqliteConnection, row: &NewRow<'_>, log: &mut Log) -> Result<PutOutcome, StorageError> {
    let id: Option<i64> = sqlx::query_scalar(INSERT)
        .bind(row.fingerprint())
        .bind(row.version())
        .bind(row.digest(Profile::V23))
        .bind(row.digest(Profile::V24))
        .bind(row.length())
        .bind(row.lists)
        .bind(row.legacy_form)
        .bind(&row.summary)
        .bind(row.packets())
        .bind(row.legacy)
        .fetch_optional(&mut *conn)
        .await?;
    let Some(id) = id else { return Ok(PutOutcome::DigestTaken) };
    lists::insert(conn, id, row).await?;
    log.record(row.put.record.fingerprint, Digests::default(), row.put.record.digests);
    Ok(PutOutcome::Inserted)
}

async fn update(
    conn: &mut SqliteConnection,
    row: &NewRow<'_>,
    stored: &LockedRow,
    log: &mut Log,
) -> Result<PutOutcome, StorageError> {
    let updated = sqlx::query(UPDATE)
        .bind(stored.id)
        .bind(row.digest(Profile::V23))
        .bind(row.digest(Profile::V24))
        .bind(row.length())
        .bind(row.lists)
        .bind(row.legacy_form)
        .bind(&row.summary)
        .bind(row.packets())
        .bind(row.legacy)
        .execute(&mut *conn)
        .await?;
    if updated.rows_affected() == 0 {
        return Ok(PutOutcome::DigestTaken);
    }
    if stored.lists != row.lists {
        lists::delete(conn, stored.id).await?;
        lists::insert(conn, stored.id, row).await?;
    }
    log.record(row.put.record.fingerprint, stored.digests()?, row.put.record.digests);
    Ok(PutOutcome::Updated)
}

async fn is_blocked(conn: &mut SqliteConnection, fingerprint: &[u8]) -> Result<bool, StorageError> {
    let blocked = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM blocked WHERE fingerprint = $1 \
         AND (expires_at IS NULL OR expires_at > unixepoch()))",
    );
    Ok(blocked.bind(fingerprint).fetch_one(conn).await?)
}

async fn stored(conn: &mut SqliteConnection, fingerprint: &[u8]) -> Result<Option<LockedRow>, StorageError> {
    let stored = sqlx::query_as(
        "SELECT id, fingerprint, revision, lists, digest_v23, digest_v24 FROM certs WHERE fingerprint = $1",
    );
    Ok(stored.bind(fingerprint).fetch_optional(conn).await?)
}
