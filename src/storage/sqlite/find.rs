//! Reading certificates.

use bytes::Bytes;
use sqlx::query::QueryAs;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, Sqlite, SqliteConnection};

use super::json_of;
use super::lists::token;
use crate::domain::{Digest, Fingerprint, Search};
use crate::storage::codec::{index_key_id, is_indexable};
use crate::storage::rows::{CertificateRow, MergeBaseRow, SummaryRow, decode_all};
use crate::storage::sql::{self, SearchStatements, search_statements};
use crate::storage::{MergeBase, StorageError, StoredCertificate, StoredSummary};

/// $2: a full-text expression.
pub const BY_KEYWORDS: SearchStatements = search_statements!(
    "SELECT u.cert_id, 1 AS is_primary FROM user_words JOIN user_ids AS u ON u.id = user_words.rowid \
     WHERE user_words MATCH $2 GROUP BY u.cert_id"
);

/// $1: digests as a JSON array, $2: the most octets. The sum runs over `length`, so no packets are read for it.
pub const BY_DIGESTS: &str = "SELECT c.packets FROM ( \
         SELECT id, sum(length) OVER (ORDER BY id) AS total, row_number() OVER (ORDER BY id) AS place FROM certs \
         WHERE id IN ( \
             SELECT id FROM certs WHERE digest_v23 IN (SELECT unhex(value) FROM json_each($1)) \
             UNION SELECT id FROM certs WHERE digest_v24 IN (SELECT unhex(value) FROM json_each($1))) \
     ) AS m JOIN certs AS c ON c.id = m.id WHERE m.total <= $2 OR m.place = 1 ORDER BY m.id";

/// $1: fingerprints as a JSON array.
pub const MERGE_BASES: &str = "SELECT fingerprint, packets, revision FROM certs \
     WHERE fingerprint IN (SELECT unhex(value) FROM json_each($1))";

pub async fn certificates(
    conn: &mut SqliteConnection,
    search: &Search,
    limit: u32,
) -> Result<Vec<StoredCertificate>, StorageError> {
    match statement::<CertificateRow>(search, limit, |statements| statements.certificates) {
        Some(query) => decode_all(query.fetch_all(conn).await?),
        None => Ok(Vec::new()),
    }
}

pub async fn summaries(
    conn: &mut SqliteConnection,
    search: &Search,
    limit: u32,
) -> Result<Vec<StoredSummary>, StorageError> {
    match statement::<SummaryRow>(search, limit, |statements| statements.summaries) {
        Some(query) => decode_all(query.fetch_all(conn).await?),
        None => Ok(Vec::new()),
    }
}

pub async fn by_digests(
    conn: &mut SqliteConnection,
    digests: &[Digest],
    limit_octets: u64,
) -> Result<Vec<Bytes>, StorageError> {
    let packets: Vec<Vec<u8>> = sqlx::query_scalar(BY_DIGESTS)
        .bind(json_of(digests.iter().map(|digest| digest.0.as_slice())))
        .bind(i64::try_from(limit_octets).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await?;
    Ok(packets.into_iter().map(Bytes::from).collect())
}

pub async fn merge_bases(
    conn: &mut SqliteConnection,
    fingerprints: &[Fingerprint],
) -> Result<Vec<MergeBase>, StorageError> {
    let rows: Vec<MergeBaseRow> = sqlx::query_as(MERGE_BASES)
        .bind(json_of(fingerprints.iter().map(Fingerprint::as_bytes)))
        .fetch_all(conn)
        .await?;
    decode_all(rows)
}

/// The query for `search`; `None` when nothing can match.
fn statement<'q, R>(
    search: &'q Search,
    limit: u32,
    pick: fn(&SearchStatements) -> &'static str,
) -> Option<QueryAs<'q, Sqlite, R, SqliteArguments>>
where
    R: for<'r> FromRow<'r, SqliteRow>,
{
    let start = |statements| sqlx::query_as(pick(statements)).bind(i64::from(limit));
    match search {
        Search::Fingerprint(fingerprint) => {
            Some(start(&sql::BY_FINGERPRINT).bind(index_key_id(fingerprint)?).bind(fingerprint.as_bytes()))
        }
        Search::KeyId(id) => Some(start(&sql::BY_KEY_ID).bind(id.as_i64())),
        Search::Email(email) => is_indexable(email).then(|| start(&sql::BY_EMAIL).bind(email)),
        Search::Keywords(words) => Some(start(&BY_KEYWORDS).bind(expression(words)?)),
        Search::Digest(digest) => Some(start(&sql::BY_DIGEST).bind(digest.0.as_slice())),
    }
}

/// All words, each as one token; `None` when one is in no index.
fn expression(words: &[String]) -> Option<String> {
    let are_indexable = !words.is_empty() && words.iter().all(|word| is_indexable(word));
    let terms: Vec<String> = words.iter().map(|word| format!("\"{}\"", token(word))).collect();
    are_indexable.then(|| terms.join(" AND "))
}
