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
    let list = json_of(fingerprints.iter().map(Fingerprint::as_bytes));
    let deleted: Vec<LockedRow> = sqlx::query_as(DELETE).bind(&list).fetch_all(&mut *transaction).await?;
    let mut log = Log::default();
    let mut removed = Vec::with_capacity(deleted.len());
    for row in deleted {
        let fingerprint = decode_fingerprint("certs", &row.fingerprint)?;
        lists::delete(&mut transaction, row.id).await?;
        log.record(fingerprint, row.digests()?, Digests::default());
        removed.push(fingerprint);
    }
    sqlx::query(settled::UNSETTLE.sqlite).bind(list).execute(&mut *transaction).await?;
    changes::append(&mut transaction, &log).await?;
    transaction.commit().await?;
    Ok(removed)
}
