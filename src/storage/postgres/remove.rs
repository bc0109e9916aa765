//! Deleting certificates.

use sqlx::{Connection, PgConnection};

use super::{changes, lists, lock};
use crate::domain::{Digests, Fingerprint};
use crate::storage::StorageError;
use crate::storage::codec::decode_fingerprint;
use crate::storage::gossip::settled;
use crate::storage::write::Log;

pub async fn remove(conn: &mut PgConnection, fingerprints: &[Fingerprint]) -> Result<Vec<Fingerprint>, StorageError> {
    let fingerprints: Vec<&[u8]> = fingerprints.iter().map(Fingerprint::as_bytes).collect();
    let mut transaction = conn.begin().await?;
    let found = lock::certificates(&mut transaction, &fingerprints).await?;
    let mut log = Log::default();
    let mut removed = Vec::with_capacity(found.len());
    for row in &found {
        let fingerprint = decode_fingerprint("certs", &row.fingerprint)?;
        log.record(fingerprint, row.digests()?, Digests::default());
        removed.push(fingerprint);
    }
    let ids: Vec<i64> = found.iter().map(|row| row.id).collect();
    lists::delete(&mut transaction, &ids).await?;
    sqlx::query("DELETE FROM certs WHERE id = ANY($1)").bind(ids).execute(&mut *transaction).await?;
    sqlx::query(settled::UNSETTLE.postgres).bind(&fingerprints).execute(&mut *transaction).await?;
    changes::append(&mut transaction, &log).await?;
    transaction.commit().await?;
    Ok(removed)
}
