//! How far keyservers that do not reconcile have been told of changes.

use super::link::{Link, Sql, execute, fetch_all, sql};
use super::time::attempts;
use crate::storage::StorageError;
use crate::storage::rows::decode_all;

/// $1: target.
const GET: Sql = sql!("SELECT target, position, last_sync, failures, last_error FROM push_targets WHERE target = $1");

/// $1: limit.
const LIST: Sql =
    sql!("SELECT target, position, last_sync, failures, last_error FROM push_targets ORDER BY target LIMIT $1");

/// $1: target, $2: position, $3: last success, $4: failures, $5: last error.
const PUT: Sql = sql!(
    "INSERT INTO push_targets (target, position, last_sync, failures, last_error, seen_at) \
     VALUES ($1, $2, $3, $4, $5, " now ") \
     ON CONFLICT (target) DO UPDATE SET position = excluded.position, last_sync = excluded.last_sync, \
     failures = excluded.failures, last_error = excluded.last_error, seen_at = excluded.seen_at"
);

#[derive(sqlx::FromRow)]
struct Row {
    target: String,
    position: i64,
    last_sync: Option<i64>,
    failures: i32,
    last_error: Option<String>,
}

/// The state of one target of pushes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushState {
    /// The position in the log up to which all was pushed.
    pub position: i64,
    /// When the last push succeeded, in milliseconds since 1970.
    pub last_sync: Option<i64>,
    /// How often in a row it failed since.
    pub failures: u32,
    pub last_error: Option<String>,
}

impl TryFrom<Row> for (String, PushState) {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let failures = attempts("push_targets", row.failures)?;
        let Row { target, position, last_sync, last_error, .. } = row;
        Ok((target, PushState { position, last_sync, failures, last_error }))
    }
}

pub async fn get(link: Link<'_>, target: &str) -> Result<Option<PushState>, StorageError> {
    let rows: Vec<Row> = fetch_all!(link, GET, target)?;
    let states: Vec<(String, PushState)> = decode_all(rows)?;
    Ok(states.into_iter().next().map(|(_, state)| state))
}

pub async fn list(link: Link<'_>, limit: u32) -> Result<Vec<(String, PushState)>, StorageError> {
    let rows: Vec<Row> = fetch_all!(link, LIST, i64::from(limit))?;
    decode_all(rows)
}

pub async fn put(link: Link<'_>, target: &str, state: &PushState) -> Result<(), StorageError> {
    let failures = i32::try_from(state.failures).unwrap_or(i32::MAX);
    // PostgreSQL has no NUL in texts.
    let error = state.last_error.as_ref().map(|error| error.replace('\0', " "));
    execute!(link, PUT, target, state.position, state.last_sync, failures, error.as_deref()).map(drop)
}
