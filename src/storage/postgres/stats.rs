//! Counts.

use sqlx::PgConnection;

use crate::storage::rows::{HourlyRow, decode_all};
use crate::storage::{HourlyCounts, StorageError, sql};

pub async fn count(conn: &mut PgConnection) -> Result<u64, StorageError> {
    let count: i64 = sqlx::query_scalar(sql::COUNT).fetch_one(conn).await?;
    Ok(count.unsigned_abs())
}

pub async fn add_hourly(conn: &mut PgConnection, hour: i64, counts: HourlyCounts) -> Result<(), StorageError> {
    sqlx::query(sql::ADD_HOURLY)
        .bind(hour)
        .bind(i64::try_from(counts.inserted).unwrap_or(i64::MAX))
        .bind(i64::try_from(counts.updated).unwrap_or(i64::MAX))
        .bind(i64::try_from(counts.removed).unwrap_or(i64::MAX))
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn hourly(conn: &mut PgConnection, since: i64) -> Result<Vec<(i64, HourlyCounts)>, StorageError> {
    let rows: Vec<HourlyRow> = sqlx::query_as(sql::HOURLY).bind(since).fetch_all(conn).await?;
    decode_all(rows)
}
