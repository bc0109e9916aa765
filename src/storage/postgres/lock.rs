//! What transactions wait for each other for.
//!
//! Every transaction takes its locks in the same order, so none waits in a circle: the blocklist,
//! new certificates by fingerprint, stored certificates by fingerprint, settled digests, the log.
//! The queue of digests to fetch has an order of its own, in `gossip::recovery`. Signed requests are
//! claimed before everything else.

use sqlx::PgConnection;

use crate::storage::StorageError;
use crate::storage::rows::LockedRow;

/// Shared by those who write certificates, exclusive to who changes `blocked`: a certificate is
/// either seen by the transaction that blocks it or sees the block.
const BLOCKLIST: i64 = i64::from_be_bytes(*b"hkp:blkl");

/// Held from taking positions in the log until the commit, so that positions become visible in
/// their order. Commits that notify are serial in PostgreSQL anyway.
const LOG: i64 = i64::from_be_bytes(*b"hkp:log\0");

/// Keeps the blocklist as it is until the end of the transaction.
pub async fn blocklist(conn: &mut PgConnection) -> Result<(), StorageError> {
    sqlx::query("SELECT pg_advisory_xact_lock_shared($1)").bind(BLOCKLIST).execute(conn).await?;
    Ok(())
}

/// Waits for all who write certificates, and keeps them and other changes of the blocklist waiting until the end of
/// the transaction.
pub async fn blocklist_exclusively(conn: &mut PgConnection) -> Result<(), StorageError> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(BLOCKLIST).execute(conn).await?;
    Ok(())
}

/// Waits for the turn to write the log, and notifies `channel` at the commit.
pub async fn log(conn: &mut PgConnection, channel: &str) -> Result<(), StorageError> {
    sqlx::query("SELECT pg_advisory_xact_lock($1), pg_notify($2, '')").bind(LOG).bind(channel).execute(conn).await?;
    Ok(())
}

/// Locks stored certificates, in the order of their fingerprints; answers those that are there.
pub async fn certificates(conn: &mut PgConnection, fingerprints: &[&[u8]]) -> Result<Vec<LockedRow>, StorageError> {
    let rows = sqlx::query_as(
        "SELECT id, fingerprint, revision, lists, digest_v23, digest_v24 FROM certs WHERE fingerprint = ANY($1) \
         ORDER BY fingerprint FOR UPDATE",
    );
    Ok(rows.bind(fingerprints).fetch_all(conn).await?)
}
