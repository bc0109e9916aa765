//! The programs that share the database.

use super::link::{Link, Sql, execute, fetch_all, fetch_scalar, sql};
use super::time::unsigned;
use crate::storage::StorageError;
use crate::storage::postgres::CHANGES_CHANNEL;

/// $1: unit, $2: position, $3: state.
const SEEN: Sql = sql!(
    "INSERT INTO units (id, started_at, seen_at, position, state) VALUES ($1, " now ", " now ", $2, $3) \
     ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, position = excluded.position, state = excluded.state"
);

/// $1: unit.
const GONE: Sql = sql!("DELETE FROM units WHERE id = $1");

/// $1: limit.
const LIST: Sql = sql!(
    "SELECT id, started_at, seen_at, " now " - seen_at AS silent_for, position, state FROM units ORDER BY id LIMIT $1"
);

/// $1: kind.
const REQUEST: Sql = sql!("INSERT INTO unit_requests (requested_at, kind) VALUES (" now ", $1) RETURNING id");

const LAST_REQUEST: Sql = sql!("SELECT coalesce(max(id), 0) FROM unit_requests");

/// $1: the request before the first, $2: limit.
pub const REQUESTS: Sql = sql!("SELECT id, kind, requested_at FROM unit_requests WHERE id > $1 ORDER BY id LIMIT $2");

/// $1: request, $2: unit, $3: answer.
const ANSWER: Sql = sql!(
    "INSERT INTO unit_answers (request, unit, at, answer) \
     SELECT id, CAST($2 AS text), " now ", CAST($3 AS text) FROM unit_requests WHERE id = $1 \
     ON CONFLICT (request, unit) DO UPDATE SET at = excluded.at, answer = excluded.answer"
);

/// $1: request, $2: limit.
pub const ANSWERS: Sql = sql!("SELECT unit, answer, at FROM unit_answers WHERE request = $1 ORDER BY unit LIMIT $2");

/// The place of a request in the order of requests.
pub type RequestId = i64;

/// What a unit tells of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitReport<'a> {
    /// Different for every start of a program.
    pub unit: &'a str,
    /// The position in the log that the unit has followed to; `None` while it builds its sets.
    pub position: Option<i64>,
    /// Whatever the units agreed on, such as counts and samples per profile.
    pub state: &'a [u8],
}

/// What is known of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitState {
    pub unit: String,
    pub started_at: i64,
    pub seen_at: i64,
    /// Milliseconds since then, by the clock of the database.
    pub silent_for: u64,
    pub position: Option<i64>,
    pub state: Vec<u8>,
}

/// Something that all units are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRequest {
    pub id: RequestId,
    pub kind: String,
    pub requested_at: i64,
}

/// What a unit answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitAnswer {
    pub unit: String,
    pub text: String,
    pub at: i64,
}

#[derive(sqlx::FromRow)]
struct UnitRow {
    id: String,
    started_at: i64,
    seen_at: i64,
    silent_for: i64,
    position: Option<i64>,
    state: Vec<u8>,
}

pub async fn seen(link: Link<'_>, report: UnitReport<'_>) -> Result<(), StorageError> {
    execute!(link, SEEN, report.unit, report.position, report.state).map(drop)
}

pub async fn gone(link: Link<'_>, unit: &str) -> Result<(), StorageError> {
    execute!(link, GONE, unit).map(drop)
}

pub async fn list(link: Link<'_>, limit: u32) -> Result<Vec<UnitState>, StorageError> {
    let rows: Vec<UnitRow> = fetch_all!(link, LIST, i64::from(limit))?;
    let state = |row: UnitRow| UnitState {
        unit: row.id,
        started_at: row.started_at,
        seen_at: row.seen_at,
        silent_for: unsigned(row.silent_for),
        position: row.position,
        state: row.state,
    };
    Ok(rows.into_iter().map(state).collect())
}

/// In PostgreSQL one at a time, so that requests become visible in the order of their numbers.
pub async fn request(mut link: Link<'_>, kind: &str) -> Result<RequestId, StorageError> {
    let mut work = link.begin().await?;
    if let Link::Postgres(connection) = work.link() {
        sqlx::query("LOCK TABLE unit_requests IN EXCLUSIVE MODE").execute(&mut *connection).await?;
        sqlx::query("SELECT pg_notify($1, '')").bind(CHANGES_CHANNEL).execute(connection).await?;
    }
    let id = fetch_scalar!(work.link(), REQUEST, kind)?;
    work.commit().await?;
    Ok(id)
}

pub async fn last_request(link: Link<'_>) -> Result<RequestId, StorageError> {
    fetch_scalar!(link, LAST_REQUEST)
}

pub async fn requests(link: Link<'_>, after: RequestId, limit: u32) -> Result<Vec<UnitRequest>, StorageError> {
    let rows: Vec<(i64, String, i64)> = fetch_all!(link, REQUESTS, after, i64::from(limit))?;
    Ok(rows.into_iter().map(|(id, kind, requested_at)| UnitRequest { id, kind, requested_at }).collect())
}

pub async fn answer(link: Link<'_>, request: RequestId, unit: &str, text: &str) -> Result<(), StorageError> {
    execute!(link, ANSWER, request, unit, text).map(drop)
}

pub async fn answers(link: Link<'_>, request: RequestId, limit: u32) -> Result<Vec<UnitAnswer>, StorageError> {
    let rows: Vec<(String, String, i64)> = fetch_all!(link, ANSWERS, request, i64::from(limit))?;
    Ok(rows.into_iter().map(|(unit, text, at)| UnitAnswer { unit, text, at }).collect())
}
