//! How far passes got.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::storage::StorageError;
use crate::storage::adopt::{PASSES_LIMIT, Pass, Tally};

/// $1: limit. Before the rows are counted, the planner's estimate counts.
const PASSES: &str = "SELECT pass, extract(epoch FROM started_at)::bigint AS started_at, \
         extract(epoch FROM finished_at)::bigint AS finished_at, since > '-infinity' AS is_partial, \
         coalesce(total, (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass('keys')), 0) AS total, \
         read, inserted, updated, unchanged, rejected, \
         CASE WHEN finished_at IS NULL AND lease_until > now() THEN owner END AS unit, \
         read - claimed_read AS recent_rows, \
         coalesce(extract(epoch FROM advanced_at - claimed_at) * 1000, 0)::bigint AS recent_milliseconds \
     FROM adoptions ORDER BY pass DESC LIMIT $1";

const REJECTS: &str = "SELECT pass, reason, count(*) FROM adoption_rejects GROUP BY pass, reason ORDER BY reason";

#[derive(sqlx::FromRow)]
struct PassRow {
    pass: i64,
    started_at: i64,
    finished_at: Option<i64>,
    is_partial: bool,
    total: i64,
    read: i64,
    inserted: i64,
    updated: i64,
    unchanged: i64,
    rejected: i64,
    unit: Option<String>,
    recent_rows: i64,
    recent_milliseconds: i64,
}

pub async fn passes(conn: &mut PgConnection) -> Result<Vec<Pass>, StorageError> {
    let rows: Vec<PassRow> = sqlx::query_as(PASSES).bind(i64::from(PASSES_LIMIT)).fetch_all(&mut *conn).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let noted: Vec<(i64, String, i64)> = sqlx::query_as(REJECTS).fetch_all(conn).await?;
    let mut rejects: HashMap<i64, Vec<(String, u64)>> = HashMap::new();
    for (pass, reason, count) in noted {
        rejects.entry(pass).or_default().push((reason, count.unsigned_abs()));
    }
    Ok(rows.into_iter().map(|row| row.with(&mut rejects)).collect())
}

impl PassRow {
    fn with(self, rejects: &mut HashMap<i64, Vec<(String, u64)>>) -> Pass {
        let count = i64::unsigned_abs;
        Pass {
            pass: self.pass,
            started_at: self.started_at,
            finished_at: self.finished_at,
            is_partial: self.is_partial,
            total: count(self.total),
            tally: Tally {
                read: count(self.read),
                inserted: count(self.inserted),
                updated: count(self.updated),
                unchanged: count(self.unchanged),
                rejected: count(self.rejected),
            },
            unit: self.unit,
            recent: (count(self.recent_rows), count(self.recent_milliseconds)),
            rejects: rejects.remove(&self.pass).unwrap_or_default(),
        }
    }
}
