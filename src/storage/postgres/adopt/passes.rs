//! The passes over Hockeypuck's tables: opening, working on and ending them.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::tables::shape;
use crate::storage::StorageError;
use crate::storage::adopt::{Foreign, Step, Turn};
use crate::storage::gossip::sets::lift_deadline;

/// Rows whose `mtime` is up to a day before the last that was read are compared again: Hockeypuck's clock may have
/// been another one, its transactions end in any order, and in a database that has another time zone than UTC it
/// writes some times in local time.
macro_rules! recent {
    ($watermark:literal) => {
        concat!("k.mtime > ", $watermark, " - interval '1 day'")
    };
}

/// A hash of rows in any order. Of no rows: an empty text.
macro_rules! hash_of_rows {
    () => {
        "coalesce(count(*) || ':' || sum(hashtextextended(k.rfingerprint || k.md5, 0)::numeric), '')"
    };
}

const LAST: &str =
    "SELECT finished_at IS NULL AS is_open, watermark::text, recent FROM adoptions ORDER BY pass DESC LIMIT 1";

/// $1: the watermark of the last pass.
const HAS_NEWER: &str = "SELECT EXISTS (SELECT 1 FROM keys AS k WHERE k.mtime > $1::text::timestamptz)";

/// $1: only rows with a later time. Nothing is opened while there are no rows, or another pass is open.
const OPEN: &str = "INSERT INTO adoptions (since, watermark) \
     SELECT $1::text::timestamptz, max(k.mtime) FROM keys AS k HAVING max(k.mtime) IS NOT NULL ON CONFLICT DO NOTHING";

/// $1: the watermark of the last pass.
const BEFORE: &str = "SELECT ($1::text::timestamptz - interval '1 day')::text";

/// $1: the watermark of the last pass.
const RECENT: &str = concat!("SELECT ", hash_of_rows!(), " FROM keys AS k WHERE ", recent!("$1::text::timestamptz"));

const IS_ADOPTING: &str =
    "SELECT EXISTS (SELECT 1 FROM adoptions WHERE finished_at IS NULL) AND to_regclass('keys') IS NOT NULL";

/// $1: unit, $2: lease in milliseconds, $3: whether a running lease of another unit ends.
const TAKE_TURN: &str = "UPDATE adoptions SET owner = $1, lease_until = now() + $2 * interval '1 millisecond', \
         claimed_at = now(), claimed_read = read, advanced_at = now() \
     WHERE finished_at IS NULL AND (owner IS NULL OR owner = $1 OR lease_until <= now() OR $3) \
     RETURNING pass, since::text, reached";

/// $1: pass. The rows that are there when it begins, unless that is known. Takes as long as reading the table, so it
/// must not hold the row of the pass, whose lease is renewed meanwhile.
const MEASURE: &str = concat!(
    "SELECT (SELECT count(*) FROM keys AS k WHERE k.mtime > a.since), (SELECT ",
    hash_of_rows!(),
    " FROM keys AS k WHERE ",
    recent!("a.watermark"),
    ") FROM adoptions AS a WHERE a.pass = $1 AND a.total IS NULL"
);

/// $1: pass, $2 and $3: what was measured.
const NOTE_MEASURES: &str = "UPDATE adoptions SET total = $2, recent = $3 WHERE pass = $1 AND total IS NULL";

/// $1: pass, $2: unit, $3: lease in milliseconds.
const RENEW: &str = "UPDATE adoptions SET lease_until = now() + $3 * interval '1 millisecond' \
     WHERE pass = $1 AND owner = $2 AND finished_at IS NULL";

/// $1: pass, $2: unit, $3: lease in milliseconds, $4: the last row, $5 to $9: counts.
const ADVANCE: &str = "UPDATE adoptions SET lease_until = now() + $3 * interval '1 millisecond', advanced_at = now(), \
         reached = $4, read = read + $5, inserted = inserted + $6, updated = updated + $7, \
         unchanged = unchanged + $8, rejected = rejected + $9 \
     WHERE pass = $1 AND owner = $2 AND finished_at IS NULL";

/// $1: pass, $2 to $4: names, reasons, details.
const REJECT: &str = "INSERT INTO adoption_rejects (pass, rfingerprint, reason, detail) \
     SELECT $1, * FROM UNNEST($2::text[], $3::text[], $4::text[]) \
     ON CONFLICT (rfingerprint) DO UPDATE SET pass = excluded.pass, reason = excluded.reason, detail = excluded.detail";

/// $1: pass. Rows are counted once more: they may have changed since they were counted first.
const COUNT: &str = "SELECT count(*) FROM keys AS k, adoptions AS a WHERE a.pass = $1 AND k.mtime > a.since";

/// $1: pass, $2: unit, $3: rows.
const FINISH: &str = "UPDATE adoptions SET finished_at = clock_timestamp(), total = $3 \
     WHERE pass = $1 AND owner = $2 AND finished_at IS NULL";

/// $1: pass, $2: unit.
const GIVE_BACK: &str = "UPDATE adoptions SET owner = NULL, lease_until = '-infinity' WHERE pass = $1 AND owner = $2 AND finished_at IS NULL";

#[derive(sqlx::FromRow)]
struct Last {
    is_open: bool,
    watermark: String,
    recent: Option<String>,
}

pub async fn find_foreign(conn: &mut PgConnection) -> Result<Foreign, StorageError> {
    if shape(conn).await?.is_none() {
        return Ok(Foreign::Absent);
    }
    let since = match last(conn).await? {
        Some(Last { is_open: true, .. }) => return Ok(Foreign::Open),
        None => "-infinity".to_owned(),
        Some(Last { watermark, .. }) => {
            let has_newer: bool = sqlx::query_scalar(HAS_NEWER).bind(&watermark).fetch_one(&mut *conn).await?;
            if !has_newer {
                return Ok(Foreign::Read);
            }
            sqlx::query_scalar(BEFORE).bind(watermark).fetch_one(&mut *conn).await?
        }
    };
    open(conn, &since).await?;
    Ok(if is_adopting(conn).await? { Foreign::Open } else { Foreign::Read })
}

pub async fn find_changed(conn: &mut PgConnection) -> Result<bool, StorageError> {
    if shape(conn).await?.is_none() {
        return Ok(false);
    }
    let mut transaction = conn.begin().await?;
    lift_deadline(&mut transaction).await?;
    let since = match last(&mut transaction).await? {
        Some(Last { is_open: true, .. }) => return Ok(true),
        None => "-infinity".to_owned(),
        Some(Last { watermark, recent, .. }) => {
            let found: String = sqlx::query_scalar(RECENT).bind(&watermark).fetch_one(&mut *transaction).await?;
            if recent.as_ref() == Some(&found) {
                return Ok(false);
            }
            sqlx::query_scalar(BEFORE).bind(watermark).fetch_one(&mut *transaction).await?
        }
    };
    open(&mut transaction, &since).await?;
    transaction.commit().await?;
    is_adopting(conn).await
}

async fn last(conn: &mut PgConnection) -> Result<Option<Last>, StorageError> {
    Ok(sqlx::query_as(LAST).fetch_optional(conn).await?)
}

async fn open(conn: &mut PgConnection, since: &str) -> Result<(), StorageError> {
    sqlx::query(OPEN).bind(since).execute(conn).await?;
    Ok(())
}

pub async fn is_adopting(conn: &mut PgConnection) -> Result<bool, StorageError> {
    Ok(sqlx::query_scalar(IS_ADOPTING).fetch_one(conn).await?)
}

pub async fn take_turn(
    conn: &mut PgConnection,
    unit: &str,
    lease: Duration,
    by_force: bool,
) -> Result<Option<Turn>, StorageError> {
    if shape(conn).await?.is_none() {
        return Ok(None);
    }
    let query = sqlx::query_as(TAKE_TURN).bind(unit).bind(milliseconds(lease)).bind(by_force);
    let turn: Option<(i64, String, String)> = query.fetch_optional(conn).await?;
    Ok(turn.map(|(pass, since, reached)| Turn { pass, since, reached }))
}

pub async fn measure(conn: &mut PgConnection, pass: i64) -> Result<(), StorageError> {
    let mut transaction = conn.begin().await?;
    lift_deadline(&mut transaction).await?;
    let measured: Option<(i64, String)> = sqlx::query_as(MEASURE).bind(pass).fetch_optional(&mut *transaction).await?;
    if let Some((total, recent)) = measured {
        sqlx::query(NOTE_MEASURES).bind(pass).bind(total).bind(recent).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

pub async fn renew(conn: &mut PgConnection, pass: i64, unit: &str, lease: Duration) -> Result<bool, StorageError> {
    let renewed = sqlx::query(RENEW).bind(pass).bind(unit).bind(milliseconds(lease)).execute(conn).await?;
    Ok(renewed.rows_affected() > 0)
}

pub async fn advance(conn: &mut PgConnection, step: &Step<'_>) -> Result<bool, StorageError> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let mut transaction = conn.begin().await?;
    let query = sqlx::query(ADVANCE).bind(step.pass).bind(step.unit).bind(milliseconds(step.lease)).bind(step.reached);
    let tally = &step.tally;
    let query = query.bind(count(tally.read)).bind(count(tally.inserted)).bind(count(tally.updated));
    let query = query.bind(count(tally.unchanged)).bind(count(tally.rejected));
    if query.execute(&mut *transaction).await?.rows_affected() == 0 {
        return Ok(false);
    }
    if !step.rejects.is_empty() {
        let names: Vec<&str> = step.rejects.iter().map(|row| row.name.as_str()).collect();
        let reasons: Vec<&str> = step.rejects.iter().map(|row| row.reason).collect();
        let details: Vec<&str> = step.rejects.iter().map(|row| row.detail.as_str()).collect();
        let query = sqlx::query(REJECT).bind(step.pass).bind(names).bind(reasons).bind(details);
        query.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

pub async fn finish(conn: &mut PgConnection, pass: i64, unit: &str) -> Result<bool, StorageError> {
    let mut transaction = conn.begin().await?;
    lift_deadline(&mut transaction).await?;
    let total: i64 = sqlx::query_scalar(COUNT).bind(pass).fetch_one(&mut *transaction).await?;
    let finished = sqlx::query(FINISH).bind(pass).bind(unit).bind(total).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(finished.rows_affected() > 0)
}

pub async fn give_back(conn: &mut PgConnection, pass: i64, unit: &str) -> Result<(), StorageError> {
    sqlx::query(GIVE_BACK).bind(pass).bind(unit).execute(conn).await?;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "leases are short")]
fn milliseconds(duration: Duration) -> f64 {
    duration.as_millis() as f64
}
