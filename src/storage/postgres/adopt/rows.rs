//! Rows of the table `keys`.

use sqlx::PgConnection;

use crate::domain::{Digest, Fingerprint};
use crate::storage::StorageError;
use crate::storage::adopt::{DOCUMENT_OCTETS_LIMIT, Row, Turn};

/// The columns of [`RowColumns`]. Texts that are no hexadecimal digits are compared with nothing.
macro_rules! row_columns {
    () => {
        "k.rfingerprint, k.md5, pg_column_size(k.doc)::bigint AS octets, EXISTS ( \
             SELECT 1 FROM certs AS c WHERE c.fingerprint = \
                 CASE WHEN k.rfingerprint ~ '^[0-9a-f]{40}([0-9a-f]{24})?$' THEN decode(reverse(k.rfingerprint), 'hex') END \
             AND CASE WHEN k.md5 ~ '^[0-9a-f]{32}$' THEN decode(k.md5, 'hex') END IN (c.digest_v24, c.digest_v23) \
         ) AS is_stored"
    };
}
pub(super) use row_columns;

/// $1: the row before the first, $2: the time before the first, $3: limit. Along the primary key, which has no ties.
pub const PAGE: &str = concat!(
    "SELECT ",
    row_columns!(),
    " FROM keys AS k WHERE k.rfingerprint > $1 AND k.mtime > $2::text::timestamptz ORDER BY k.rfingerprint LIMIT $3"
);

/// $1: names, $2: the most octets.
pub const DOCUMENTS: &str =
    "SELECT rfingerprint, doc::text FROM keys WHERE rfingerprint = ANY($1) AND pg_column_size(doc) <= $2";

/// $1: names.
const DIGESTS: &str = "SELECT rfingerprint, md5 FROM keys WHERE rfingerprint = ANY($1)";

#[derive(sqlx::FromRow)]
pub struct RowColumns {
    rfingerprint: String,
    md5: String,
    octets: i64,
    is_stored: bool,
}

impl From<RowColumns> for Row {
    fn from(row: RowColumns) -> Self {
        let octets = row.octets.unsigned_abs();
        Self { name: row.rfingerprint, md5: row.md5, octets, is_stored: row.is_stored }
    }
}

pub async fn page(conn: &mut PgConnection, turn: &Turn, reached: &str, limit: u32) -> Result<Vec<Row>, StorageError> {
    let query = sqlx::query_as(PAGE).bind(reached).bind(&turn.since).bind(i64::from(limit));
    let rows: Vec<RowColumns> = query.fetch_all(conn).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

pub async fn documents(conn: &mut PgConnection, names: &[&str]) -> Result<Vec<(String, String)>, StorageError> {
    let limit = i64::try_from(DOCUMENT_OCTETS_LIMIT).unwrap_or(i64::MAX);
    Ok(sqlx::query_as(DOCUMENTS).bind(names).bind(limit).fetch_all(conn).await?)
}

/// Rows that make no sense are left out.
pub async fn digests(conn: &mut PgConnection, of: &[Fingerprint]) -> Result<Vec<(Fingerprint, Digest)>, StorageError> {
    if super::tables::shape(conn).await?.is_none() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = of.iter().map(|fingerprint| reversed(&fingerprint.to_string())).collect();
    let rows: Vec<(String, String)> = sqlx::query_as(DIGESTS).bind(names).fetch_all(conn).await?;
    let parsed = |(name, md5): (String, String)| Some((reversed(&name).parse().ok()?, md5.parse().ok()?));
    Ok(rows.into_iter().filter_map(parsed).collect())
}

pub fn reversed(digits: &str) -> String {
    digits.chars().rev().collect()
}
