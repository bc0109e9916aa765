//! The sets of digests and the log behind them.

mod copy;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use sqlx::{PgConnection, SqliteConnection};

use copy::{Malformed, Reader};

use super::SetStorage;
use super::link::{Engine, Link, Sql, execute, fetch_all, fetch_scalar, sql};
use super::time::milliseconds;
use crate::domain::{Digest, Profile};
use crate::storage::StorageError;
use crate::storage::codec::decode_digest;
use crate::storage::pool::{SCAN_TIMEOUT, run};

/// How many digests SQLite answers at once.
const PIECE: usize = 20_000;

/// Whether indexes alone can answer what everybody sees: most pages are marked so, and few rows were
/// written since they were. Estimates, which only decide what is faster.
const IS_VACUUMED: &str = "SELECT c.relallvisible * current_setting('block_size')::bigint * 10 >= pg_relation_size(c.oid) * 9 \
     AND (coalesce(s.n_dead_tup, 0) + coalesce(s.n_ins_since_vacuum, 0)) * 50 <= greatest(c.reltuples, 0) \
     FROM pg_class AS c LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid WHERE c.oid = 'certs'::regclass";

const COPY_V23: &str =
    "COPY (SELECT digest_v23 FROM certs WHERE digest_v23 IS NOT NULL) TO STDOUT WITH (FORMAT binary)";
const COPY_V24: &str =
    "COPY (SELECT digest_v24 FROM certs WHERE digest_v24 IS NOT NULL) TO STDOUT WITH (FORMAT binary)";
const COPY_BOTH: &str = "COPY (SELECT digest_v23, digest_v24 FROM certs) TO STDOUT WITH (FORMAT binary)";

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

    async fn log_end(&self) -> Result<i64, StorageError> {
        run!(self.reading(), via E::link, log_end)
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
    let position = log_end(work.link()).await?;
    let (v23, v24) = match work.link() {
        Link::Postgres(connection) => {
            lift_deadline(connection).await?;
            scan(connection).await?
        }
        Link::Sqlite(connection) => (walk(connection, SQLITE_V23).await?, walk(connection, SQLITE_V24).await?),
    };
    work.commit().await?;
    Ok(DigestSets { position, v23, v24 })
}

/// For the rest of the transaction.
pub(crate) async fn lift_deadline(connection: &mut PgConnection) -> Result<(), StorageError> {
    sqlx::query("SELECT set_config('statement_timeout', $1, true)")
        .bind(SCAN_TIMEOUT.as_millis().to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// The digests of both profiles, ascending.
///
/// In no order from the database, because visiting each row in the order of the digests takes by far
/// the longest: the two indexes are read where they are all that is needed, or else the table from
/// end to end, once.
async fn scan(connection: &mut PgConnection) -> Result<(Vec<Digest>, Vec<Digest>), StorageError> {
    let is_vacuumed: bool = sqlx::query_scalar(IS_VACUUMED).fetch_one(&mut *connection).await?;
    let (mut v23, mut v24) = if is_vacuumed {
        let [v23] = copy(connection, COPY_V23).await?;
        let [v24] = copy(connection, COPY_V24).await?;
        (v23, v24)
    } else {
        let [v23, v24] = copy(connection, COPY_BOTH).await?;
        (v23, v24)
    };
    v23.sort_unstable();
    v24.sort_unstable();
    Ok((v23, v24))
}

async fn copy<const N: usize>(
    connection: &mut PgConnection,
    statement: &'static str,
) -> Result<[Vec<Digest>; N], StorageError> {
    let malformed = |Malformed(what)| StorageError::Inconsistent {
        table: "certs",
        column: "digest",
        detail: format!("in the answer to COPY: {what}"),
    };
    let mut pieces = connection.copy_out_raw(statement).await?;
    let mut reader = Reader::new();
    while let Some(piece) = pieces.next().await {
        reader.take(&piece?).map_err(malformed)?;
    }
    reader.finish().map_err(malformed)
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

async fn log_end(link: Link<'_>) -> Result<i64, StorageError> {
    fetch_scalar!(link, POSITION)
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
