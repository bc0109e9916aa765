//! Deleting certificates.

use sqlx::{Connection, PgConnection};

use super::{changes, lists, lock};
use crate::domain::{Digests, Fingerprint};
use crate::storage::StorageError;
use crate::storage::codec::decode_fingerprint;
use crate::storage::gossip::settled;
use crate::storage::write::Log;

pub async fn remove(conn: &mut PgConnection, fingerprints: &[Fingerprint]) -> Result<Vec<Fingerprint>, StorageError> {
    let mut transaction = conn.begin().await?;
    let mut log = Log::default();
    let removed = delete(&mut transaction, fingerprints, &mut log).await?;
    unsettle(&mut transaction, fingerprints).await?;
    changes::append(&mut transaction, &log).await?;
    transaction.commit().await?;
    Ok(removed.into_iter().map(|(fingerprint, _)| fingerprint).collect())
}

/// Deletes certificates in the caller's transaction, which has yet to append to the log; answers those that were
/// there, with their digests.
pub async fn delete(
    conn: &mut PgConnection,
    fingerprints: &[Fingerprint],
    log: &mut Log,
) -> Result<Vec<(Fingerprint, Digests)>, StorageError> {
    let fingerprints: Vec<&[u8]> = fingerprints.iter().map(Fingerprint::as_bytes).collect();
    let found = lock::certificates(conn, &fingerprints).await?;
    let mut removed = Vec::with_capacity(found.len());
    for row in &found {
        let (fingerprint, digests) = (decode_fingerprint("certs", &row.fingerprint)?, row.digests()?);
        log.record(fingerprint, digests, Digests::default());
        removed.push((fingerprint, digests));
    }
    let ids: Vec<i64> = found.iter().map(|row| row.id).collect();
    lists::delete(conn, &ids).await?;
    sqlx::query("DELETE FROM certs WHERE id = ANY($1)").bind(ids).execute(conn).await?;
    Ok(removed)
}

async fn unsettle(conn: &mut PgConnection, fingerprints: &[Fingerprint]) -> Result<(), StorageError> {
    let fingerprints: Vec<&[u8]> = fingerprints.iter().map(Fingerprint::as_bytes).collect();
    sqlx::query(settled::UNSETTLE.postgres).bind(&fingerprints).execute(conn).await?;
    Ok(())
}
