//! Overwriting stored certificates that the transaction has locked.

use sqlx::error::DatabaseError;
use sqlx::{Acquire, PgConnection};

use super::put::Batch;
use crate::storage::rows::LockedRow;
use crate::storage::write::NewRow;
use crate::storage::{PutOutcome, StorageError};

const UPDATE: &str = "UPDATE certs AS c SET digest_v23 = n.digest_v23, digest_v24 = n.digest_v24, \
     length = n.length, lists = n.lists, legacy_form = n.legacy_form, summary = n.summary, packets = n.packets, \
     legacy = n.legacy, revision = n.base + 1, updated_at = now() \
     FROM UNNEST($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::integer[], $6::bigint[], $7::smallint[], \
     $8::bytea[], $9::bytea[], $10::bytea[]) \
     AS n (id, base, digest_v23, digest_v24, length, lists, legacy_form, summary, packets, legacy) WHERE c.id = n.id";

/// The columns that inserts and updates have in common, as parameters 3 to 10.
macro_rules! bind_columns {
    ($query:expr, $rows:expr) => {{
        use $crate::domain::Profile;
        let rows = $rows;
        $query
            .bind(rows.iter().map(|row| row.digest(Profile::V23)).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.digest(Profile::V24)).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.length()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.lists).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.legacy_form).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.summary.as_slice()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.packets()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.legacy).collect::<Vec<_>>())
    }};
}
pub(super) use bind_columns;

/// A stored certificate and what replaces it.
pub type Pair<'l, 'a> = (&'l LockedRow, &'a NewRow<'a>);

/// Answers the pairs that were written; the digest of another certificate keeps one from it.
pub async fn update<'l, 'a>(
    conn: &mut PgConnection,
    pairs: &[Pair<'l, 'a>],
    batch: &mut Batch<'a>,
) -> Result<Vec<Pair<'l, 'a>>, StorageError> {
    if pairs.is_empty() || try_update(conn, pairs).await? {
        return Ok(pairs.to_vec());
    }
    let mut written = Vec::new();
    for pair in pairs {
        if try_update(conn, std::slice::from_ref(pair)).await? {
            written.push(*pair);
        } else {
            batch.outcomes.set(pair.1, PutOutcome::DigestTaken);
        }
    }
    Ok(written)
}

/// Writes all or nothing; answers false when a digest is taken.
async fn try_update(conn: &mut PgConnection, pairs: &[Pair<'_, '_>]) -> Result<bool, StorageError> {
    let ids: Vec<i64> = pairs.iter().map(|(old, _)| old.id).collect();
    let bases: Vec<i64> = pairs.iter().map(|(old, _)| old.revision).collect();
    let rows: Vec<&NewRow<'_>> = pairs.iter().map(|(_, new)| *new).collect();
    let mut savepoint = conn.begin().await?;
    let query = sqlx::query(UPDATE).bind(ids).bind(bases);
    match bind_columns!(query, &rows).execute(&mut *savepoint).await {
        Ok(_) => {
            savepoint.commit().await?;
            Ok(true)
        }
        Err(error) if error.as_database_error().is_some_and(DatabaseError::is_unique_violation) => {
            savepoint.rollback().await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}
