//! Deleting certificates.

use sqlx::{Connection, SqliteConnection};

use super::{changes, json_of, lists};
use crate::domain::{Digests, Fingerprint};
use crate::storage::StorageError;
use crate::storage::codec::decode_fingerprint;
use crate::storage::gossip::settled;
use crate::storage::rows::LockedRow;
use crate::storage::write::Log;

const DELETE: &str = "DELETE FROM certs WHERE fingerprint IN (SELECT unhex(value) FROM json_each($1)) \
     RETURNING id, fingerprint, revision, lists, digest_v23, digest_v24";

pub async fn remove(
    conn: &mut SqliteConnection,
    fingerprints: &[Fingerprint],
) -> Result<Vec<Fingerprint>, StorageError> {
    let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
    let mut log = Log::default();
    let removed = delete(&mut transaction, fingerprints, &mut log).await?;
    let list = json_of(fingerprints.iter().map(Fingerprint::as_bytes));
    sqlx::query(settled::UNSETTLE.sqlite).bind(list).execute(&mut *transaction).await?;
    changes::append(&mut transaction, &log).await?;
    transaction.commit().await?;
    Ok(removed.into_iter().map(|(fingerprint, _)| fingerprint).collect())
}

/// Deletes certificates in the caller's transaction, which has yet to append to the log; answers those that were
/// there, with their digests.
pub async fn delete(
    conn: &mut SqliteConnection,
    fingerprints: &[Fingerprint],
    log: &mut Log,
) -> Result<Vec<(Fingerprint, Digests)>, StorageError> {
    let list = json_of(fingerprints.iter().map(Fingerprint::as_bytes));
    let deleted: Vec<LockedRow> = sqlx::query_as(DELETE).bind(&list).fetch_all(&mut *conn).await?;
    let mut removed = Vec::with_capacity(deleted.len());
    for row in deleted {
        let (fingerprint, digests) = (decode_fingerprint("certs", &row.fingerprint)?, row.digests()?);
        lists::delete(conn, row.id).await?;
        log.record(fingerprint, digests, Digests::default());
        removed.push((fingerprint, digests));
    }
    Ok(removed)
}
