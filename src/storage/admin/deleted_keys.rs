//! The table in which Hockeypuck's charm keeps its blocklist, on PostgreSQL only: kept in step, so that one can go back
//! to the charm's older image and forth again.

use sqlx::PgConnection;

use super::{DeletedKey, certificates};
use crate::domain::Fingerprint;
use crate::storage::StorageError;
use crate::storage::gossip::link::{Link, Work};

/// $1: fingerprints, $2: comment.
const WRITE: &str = "INSERT INTO deleted_keys (fingerprint, comment) \
     SELECT encode(d, 'hex'), CAST($2 AS text) FROM UNNEST($1::bytea[]) AS e (d) \
     ON CONFLICT (fingerprint) DO UPDATE SET comment = excluded.comment";

/// $1: fingerprints.
const DELETE: &str = "DELETE FROM deleted_keys WHERE lower(fingerprint) IN \
     (SELECT encode(d, 'hex') FROM UNNEST($1::bytea[]) AS e (d))";

/// $1: the text before the first, or NULL, $2: limit. An empty text may be the first.
const LIST: &str = "SELECT fingerprint, comment FROM deleted_keys \
     WHERE $1::text IS NULL OR fingerprint COLLATE \"C\" > $1 ORDER BY fingerprint COLLATE \"C\" LIMIT $2";

const COMPLETE: &str = "INSERT INTO deleted_keys (fingerprint, comment) \
     SELECT encode(fingerprint, 'hex'), comment FROM blocked WHERE expires_at IS NULL OR expires_at > now() \
     ON CONFLICT DO NOTHING";

pub async fn write(work: &mut Work<'_>, fingerprints: &[Fingerprint], comment: &str) -> Result<(), StorageError> {
    if let Link::Postgres(connection) = work.link() {
        let list = certificates::list(fingerprints);
        sqlx::query(WRITE).bind(list).bind(comment).execute(connection).await?;
    }
    Ok(())
}

pub async fn delete(work: &mut Work<'_>, fingerprints: &[Fingerprint]) -> Result<(), StorageError> {
    if let Link::Postgres(connection) = work.link() {
        sqlx::query(DELETE).bind(certificates::list(fingerprints)).execute(connection).await?;
    }
    Ok(())
}

pub async fn list(link: Link<'_>, after: Option<&str>, limit: u32) -> Result<Vec<DeletedKey>, StorageError> {
    let Link::Postgres(connection) = link else { return Ok(Vec::new()) };
    list_rows(connection, after, limit).await
}

async fn list_rows(conn: &mut PgConnection, after: Option<&str>, limit: u32) -> Result<Vec<DeletedKey>, StorageError> {
    let rows: Vec<(String, String)> = sqlx::query_as(LIST).bind(after).bind(i64::from(limit)).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(fingerprint, comment)| DeletedKey { fingerprint, comment }).collect())
}

pub async fn complete(link: Link<'_>) -> Result<u64, StorageError> {
    let Link::Postgres(connection) = link else { return Ok(0) };
    Ok(sqlx::query(COMPLETE).execute(connection).await?.rows_affected())
}
