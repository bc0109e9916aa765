//! The sets of digests and the log behind them.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use sqlx::{PgConnection, SqliteConnection};

use super::SetStorage;
use super::link::{Engine, Link, Sql, execute, fetch_all, fetch_scalar, sql};
use super::time::milliseconds;
use crate::domain::{Digest, Profile};
use crate::storage::StorageError;
use crate::storage::codec::decode_digest;
use crate::storage::pool::{SCAN_TIMEOUT, run};

/// How many digests SQLite answers at once.
const PIECE: usize = 20_000;

/// One row of the binary form of COPY with one column: a count of columns, a length, a digest.
const COPY_ROW: usize = 2 + 4 + 16;
/// What the binary form of COPY begins with, without its two fields of four octets.
const COPY_SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const COPY_HEADER: usize = 11 + 4 + 4;
/// The count of columns that ends the rows.
const COPY_TRAILER: &[u8] = &[0xff, 0xff];

/// The highest position that any row of the log has or had before it was pruned.
const POSITION: Sql = sql!(
    "SELECT max(position) FROM ( \
         SELECT coalesce(max(seq), 0) AS position FROM changes UNION ALL SELECT position FROM log_floor \
     ) AS positions"
);

const FLOOR: Sql = sql!("SELECT position FROM log_floor");
const FLOOR_LOCKED: Sql = sql!("SELECT position FROM log_floor" locked);

/// $1: how long a reader may be silent. NULL: there is no reader.
const NEEDED: Sql = sql!(
    "SELECT min(position) FROM ( \
         SELECT position FROM units WHERE seen_at > " now " - $1 \
         UNION ALL SELECT position FROM push_targets WHERE seen_at > " now " - $1 \
     ) AS readers"
);

/// $1: the last position that may go, $2: limit, $3: age in seconds. Reads the first rows only.
pub const OLD: Sql = Sql {
    postgres: "SELECT max(seq) FROM (SELECT seq, at FROM changes WHERE seq <= $1 ORDER BY seq LIMIT $2) AS oldest \
         WHERE at <= now() - $3 * interval '1 second'",
    sqlite: "SELECT max(seq) FROM (SELECT seq, at FROM changes WHERE seq <= $1 ORDER BY seq LIMIT $2) AS oldest \
         WHERE at <= unixepoch() - $3",
};

/// $1: position.
const PRUNE: Sql = sql!("DELETE FROM changes WHERE seq <= $1");
const RAISE_FLOOR: Sql = sql!("UPDATE log_floor SET position = $1");

/// The digests of all certificates at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestSets {
    /// The sets contain every change up to this position of the log and none after it.
    pub position: i64,
    /// Ascending.
    pub v23: Vec<Digest>,
    /// Ascending.
    pub v24: Vec<Digest>,
}

impl DigestSets {
    /// The digests of `profile`, ascending.
    pub fn of(&self, profile: Profile) -> &[Digest] {
        match profile {
            Profile::V23 => &self.v23,
            Profile::V24 => &self.v24,
        }
    }
}

/// What may leave the log: rows that all units and push targets heard of within `silence` are past, and
/// that are older than `age`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PruneLog {
    pub age: Duration,
    pub silence: Duration,
    /// The most rows that one call deletes.
    pub limit: u32,
}

#[async_trait]
impl<E: Engine> SetStorage for E {
    async fn digest_sets(&self) -> Result<DigestSets, StorageError> {
        run!(self.scanning(), via E::link, digest_sets)
    }

    async fn log_floor(&self) -> Result<i64, StorageError> {
        run!(self.reading(), via E::link, log_floor)
    }

    async fn prune_changes(&self, bounds: PruneLog) -> Result<u64, StorageError> {
        run!(self.writing(), via E::link, prune_changes, bounds)
    }
}

async fn digest_sets(mut link: Link<'_>) -> Result<DigestSets, StorageError> {
    let mut work = link.begin_snapshot().await?;
    let position = fetch_scalar!(work.link(), POSITION)?;
    let (v23, v24) = match work.link() {
        Link::Postgres(connection) => {
            lift_deadline(connection).await?;
            (copy(connection, "digest_v23").await?, copy(connection, "digest_v24").await?)
        }
        Link::Sqlite(connection) => (walk(connection, SQLITE_V23).await?, walk(connection, SQLITE_V24).await?),
    };
    work.commit().await?;
    Ok(DigestSets { position, v23, v24 })
}

/// For the rest of the transaction.
async fn lift_deadline(connection: &mut PgConnection) -> Result<(), StorageError> {
    sqlx::query("SELECT set_config('statement_timeout', $1, true)")
        .bind(SCAN_TIMEOUT.as_millis().to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// One profile's digests, ascending.
///
/// In no order from the database: it reads the index of the digests where the table has been
/// vacuumed, and the table from end to end where it has not, instead of visiting each of its rows in
/// the order of the digests.
async fn copy(connection: &mut PgConnection, column: &'static str) -> Result<Vec<Digest>, StorageError> {
    let statement =
        format!("COPY (SELECT {column} FROM certs WHERE {column} IS NOT NULL) TO STDOUT WITH (FORMAT binary)");
    let mut pieces = connection.copy_out_raw(&statement).await?;
    let mut digests = Vec::new();
    let mut buffer = Vec::new();
    let mut is_begun = false;
    while let Some(piece) = pieces.next().await {
        buffer.extend_from_slice(&piece?);
        let mut rest = buffer.as_slice();
        if !is_begun {
            let Some((header, after)) = rest.split_at_checked(COPY_HEADER) else { continue };
            // The header may be longer, by the length in its last field; no version makes use of that.
            if !header.starts_with(COPY_SIGNATURE) || !header.ends_with(&[0; 4]) {
                return Err(bad_copy(column, "an unknown header"));
            }
            is_begun = true;
            rest = after;
        }
        while let Some((row, after)) = rest.split_at_checked(COPY_ROW) {
            digests.push(digest_of(row).ok_or_else(|| bad_copy(column, "a row that is no digest"))?);
            rest = after;
        }
        let taken = buffer.len() - rest.len();
        buffer.drain(..taken);
    }
    if !is_begun || buffer != COPY_TRAILER {
        return Err(bad_copy(column, "no end"));
    }
    digests.sort_unstable();
    Ok(digests)
}

fn digest_of(row: &[u8]) -> Option<Digest> {
    let digest = row.strip_prefix(&[0, 1, 0, 0, 0, 16])?;
    Digest::try_from(digest).ok()
}

fn bad_copy(column: &'static str, detail: &str) -> StorageError {
    StorageError::Inconsistent { table: "certs", column, detail: detail.to_owned() }
}

/// $1: the digest before the first, $2: limit.
pub const SQLITE_V23: &str = "SELECT digest_v23 FROM certs WHERE digest_v23 > $1 ORDER BY digest_v23 LIMIT $2";
pub const SQLITE_V24: &str = "SELECT digest_v24 FROM certs WHERE digest_v24 > $1 ORDER BY digest_v24 LIMIT $2";

/// One profile's digests, ascending.
async fn walk(connection: &mut SqliteConnection, statement: &'static str) -> Result<Vec<Digest>, StorageError> {
    let mut digests: Vec<Digest> = Vec::new();
    loop {
        let after = digests.last().map(|digest| digest.0.as_slice()).unwrap_or_default();
        let query = sqlx::query_scalar(statement).bind(after).bind(i64::try_from(PIECE).unwrap_or(i64::MAX));
        let piece: Vec<Vec<u8>> = query.fetch_all(&mut *connection).await?;
        for octets in &piece {
            digests.push(decode_digest("certs", "digest", octets)?);
        }
        if piece.len() < PIECE {
            return Ok(digests);
        }
    }
}

async fn log_floor(link: Link<'_>) -> Result<i64, StorageError> {
    fetch_scalar!(link, FLOOR)
}

/// Locks: the floor, then old rows of the log, which writers of the log never touch.
async fn prune_changes(mut link: Link<'_>, bounds: PruneLog) -> Result<u64, StorageError> {
    let mut work = link.begin().await?;
    let _: i64 = fetch_scalar!(work.link(), FLOOR_LOCKED)?;
    let needed: Vec<(Option<i64>,)> = fetch_all!(work.link(), NEEDED, milliseconds(bounds.silence))?;
    let needed = needed.first().and_then(|row| row.0).unwrap_or(i64::MAX);
    let age = milliseconds(bounds.age) / 1000;
    let last: Option<i64> = fetch_scalar!(work.link(), OLD, needed, i64::from(bounds.limit), age)?;
    let Some(last) = last else { return Ok(0) };
    let pruned = execute!(work.link(), PRUNE, last)?;
    execute!(work.link(), RAISE_FLOOR, last)?;
    work.commit().await?;
    Ok(pruned)
}
