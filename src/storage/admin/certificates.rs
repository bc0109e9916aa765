//! Certificates, their log and what is settled about them, in a transaction of either engine.

use crate::domain::{Digests, Fingerprint};
use crate::storage::gossip::link::{Link, List, Work, execute};
use crate::storage::gossip::settled;
use crate::storage::write::Log;
use crate::storage::{Put, PutOutcome, StorageError, postgres, sqlite};

/// Deletes certificates; answers those that were there, with their digests.
pub async fn delete(
    work: &mut Work<'_>,
    fingerprints: &[Fingerprint],
    log: &mut Log,
) -> Result<Vec<(Fingerprint, Digests)>, StorageError> {
    match work.link() {
        Link::Postgres(connection) => postgres::remove::delete(connection, fingerprints, log).await,
        Link::Sqlite(connection) => sqlite::remove::delete(connection, fingerprints, log).await,
    }
}

pub async fn put(work: &mut Work<'_>, puts: &[Put]) -> Result<(Vec<PutOutcome>, Log), StorageError> {
    match work.link() {
        Link::Postgres(connection) => postgres::put::write(connection, puts).await,
        Link::Sqlite(connection) => sqlite::put::write(connection, puts).await,
    }
}

/// The last statement before the commit: others wait for it.
pub async fn append(work: &mut Work<'_>, log: &Log) -> Result<(), StorageError> {
    match work.link() {
        Link::Postgres(connection) => postgres::changes::append(connection, log).await,
        Link::Sqlite(connection) => sqlite::changes::append(connection, log).await,
    }
}

/// Nobody else writes certificates or blocks until the end of the transaction.
pub async fn lock_blocklist(work: &mut Work<'_>) -> Result<(), StorageError> {
    match work.link() {
        Link::Postgres(connection) => postgres::lock::blocklist_exclusively(connection).await,
        // The transaction is the only one that writes.
        Link::Sqlite(_) => Ok(()),
    }
}

/// What was settled with these fingerprints is open again.
pub async fn unsettle(work: &mut Work<'_>, fingerprints: &[Fingerprint]) -> Result<(), StorageError> {
    execute!(work.link(), settled::UNSETTLE, list(fingerprints)).map(drop)
}

pub fn list(fingerprints: &[Fingerprint]) -> List<'_> {
    List::of_octets(fingerprints.iter().map(Fingerprint::as_bytes))
}
