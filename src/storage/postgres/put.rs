//! Writing certificates: a few statements for a whole batch.

use std::collections::{HashMap, HashSet};

use sqlx::{Connection, PgConnection};

use super::{changes, lists, lock, update};
use crate::domain::{Digests, Profile};
use crate::storage::rows::{DigestsRow, LockedRow};
use crate::storage::write::{Log, NewRow, Outcomes};
use crate::storage::{Put, PutOutcome, Revision, StorageError};

const INSERT: &str = "INSERT INTO certs \
     (fingerprint, version, digest_v23, digest_v24, length, lists, legacy_form, summary, packets, legacy) \
     SELECT * FROM UNNEST($1::bytea[], $2::smallint[], $3::bytea[], $4::bytea[], $5::integer[], $6::bigint[], \
     $7::smallint[], $8::bytea[], $9::bytea[], $10::bytea[]) ON CONFLICT DO NOTHING RETURNING fingerprint, id";

/// A batch in its transaction.
pub struct Batch<'a> {
    pub outcomes: Outcomes,
    pub log: Log,
    /// Certificates without lists, by `certs.id`.
    pub unlisted: Vec<(i64, &'a NewRow<'a>)>,
}

pub async fn put(conn: &mut PgConnection, puts: &[Put]) -> Result<Vec<PutOutcome>, StorageError> {
    let mut transaction = conn.begin().await?;
    let (outcomes, log) = write(&mut transaction, puts).await?;
    changes::append(&mut transaction, &log).await?;
    transaction.commit().await?;
    Ok(outcomes)
}

/// All but the log, in the caller's transaction.
pub async fn write(conn: &mut PgConnection, puts: &[Put]) -> Result<(Vec<PutOutcome>, Log), StorageError> {
    let rows = NewRow::sorted(puts)?;
    let mut batch = Batch { outcomes: Outcomes::new(puts.len()), log: Log::default(), unlisted: Vec::new() };
    let allowed = without_blocked(conn, &rows, &mut batch).await?;
    let (new, known): (Vec<_>, Vec<_>) = allowed.into_iter().partition(|row| row.put.base.is_none());
    insert(conn, &new, &mut batch).await?;
    update_all(conn, &known, &mut batch).await?;
    lists::insert(conn, &batch.unlisted).await?;
    Ok((batch.outcomes.into_vec(), batch.log))
}

async fn without_blocked<'a>(
    conn: &mut PgConnection,
    rows: &'a [NewRow<'a>],
    batch: &mut Batch<'a>,
) -> Result<Vec<&'a NewRow<'a>>, StorageError> {
    lock::blocklist(conn).await?;
    let fingerprints: Vec<&[u8]> = rows.iter().map(NewRow::fingerprint).collect();
    let blocked: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT fingerprint FROM blocked WHERE fingerprint = ANY($1) AND (expires_at IS NULL OR expires_at > now())",
    )
    .bind(&fingerprints)
    .fetch_all(conn)
    .await?;
    let (refused, allowed): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| blocked.iter().any(|fingerprint| fingerprint == row.fingerprint()));
    refused.iter().for_each(|row| batch.outcomes.set(row, PutOutcome::Blocked));
    Ok(allowed)
}

async fn insert<'a>(
    conn: &mut PgConnection,
    rows: &[&'a NewRow<'a>],
    batch: &mut Batch<'a>,
) -> Result<(), StorageError> {
    if rows.is_empty() {
        return Ok(());
    }
    let fingerprints: Vec<&[u8]> = rows.iter().map(|row| row.fingerprint()).collect();
    let versions: Vec<i16> = rows.iter().map(|row| row.version()).collect();
    let query = sqlx::query_as(INSERT).bind(&fingerprints).bind(versions);
    let inserted: Vec<(Vec<u8>, i64)> = update::bind_columns!(query, rows).fetch_all(&mut *conn).await?;
    let mut ids: HashMap<Vec<u8>, i64> = inserted.into_iter().collect();
    let mut refused = Vec::new();
    for row in rows {
        let Some(id) = ids.remove(row.fingerprint()) else {
            refused.push(*row);
            continue;
        };
        let record = &row.put.record;
        batch.outcomes.set(row, PutOutcome::Inserted);
        batch.unlisted.push((id, row));
        batch.log.record(record.fingerprint, Digests::default(), record.digests);
    }
    explain_refused(conn, &refused, batch).await
}

/// Tells a certificate that somebody else inserted first from one whose digest another one has.
async fn explain_refused(
    conn: &mut PgConnection,
    refused: &[&NewRow<'_>],
    batch: &mut Batch<'_>,
) -> Result<(), StorageError> {
    if refused.is_empty() {
        return Ok(());
    }
    let fingerprints: Vec<&[u8]> = refused.iter().map(|row| row.fingerprint()).collect();
    let v23: Vec<&[u8]> = refused.iter().filter_map(|row| row.digest(Profile::V23)).collect();
    let v24: Vec<&[u8]> = refused.iter().filter_map(|row| row.digest(Profile::V24)).collect();
    let others: Vec<DigestsRow> = sqlx::query_as(
        "SELECT fingerprint, digest_v23, digest_v24 FROM certs \
         WHERE fingerprint = ANY($1) OR digest_v23 = ANY($2) OR digest_v24 = ANY($3)",
    )
    .bind(fingerprints)
    .bind(v23)
    .bind(v24)
    .fetch_all(conn)
    .await?;
    let stored: HashSet<&[u8]> = others.iter().map(|other| other.fingerprint.as_slice()).collect();
    let v23: HashSet<&[u8]> = others.iter().filter_map(|other| other.digest_v23.as_deref()).collect();
    let v24: HashSet<&[u8]> = others.iter().filter_map(|other| other.digest_v24.as_deref()).collect();
    for row in refused.iter().filter(|row| !stored.contains(row.fingerprint())) {
        let is_taken = |taken: &HashSet<&[u8]>, profile| row.digest(profile).is_some_and(|d| taken.contains(d));
        if is_taken(&v23, Profile::V23) || is_taken(&v24, Profile::V24) {
            batch.outcomes.set(row, PutOutcome::DigestTaken);
        }
    }
    Ok(())
}

/// Updates those whose stored form is the one that the caller merged with.
async fn update_all<'a>(
    conn: &mut PgConnection,
    rows: &[&'a NewRow<'a>],
    batch: &mut Batch<'a>,
) -> Result<(), StorageError> {
    if rows.is_empty() {
        return Ok(());
    }
    let fingerprints: Vec<&[u8]> = rows.iter().map(|row| row.fingerprint()).collect();
    let locked = lock::certificates(conn, &fingerprints).await?;
    let mut stored: HashMap<&[u8], &LockedRow> = locked.iter().map(|row| (row.fingerprint.as_slice(), row)).collect();
    let mut pairs = Vec::with_capacity(rows.len());
    for row in rows {
        let found = stored.remove(row.fingerprint());
        if let Some(found) = found.filter(|found| row.put.base == Some(Revision(found.revision))) {
            pairs.push((found, *row));
        }
    }
    let written = update::update(conn, &pairs, batch).await?;
    let stale: Vec<i64> = written.iter().filter(|(old, new)| old.lists != new.lists).map(|(old, _)| old.id).collect();
    lists::delete(conn, &stale).await?;
    for (old, new) in written {
        let record = &new.put.record;
        batch.outcomes.set(new, PutOutcome::Updated);
        batch.log.record(record.fingerprint, old.digests()?, record.digests);
        if old.lists != new.lists {
            batch.unlisted.push((old.id, new));
        }
    }
    Ok(())
}
