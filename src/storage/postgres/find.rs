//! Reading certificates.

use bytes::Bytes;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use sqlx::{FromRow, PgConnection, Postgres};

use super::lists::lexeme;
use crate::domain::{Digest, Fingerprint, Search};
use crate::storage::codec::{index_key_id, is_indexable};
use crate::storage::rows::{CertificateRow, MergeBaseRow, SummaryRow, decode_all};
use crate::storage::sql::{self, SearchStatements, search_statements};
use crate::storage::{MergeBase, StorageError, StoredCertificate, StoredSummary};

/// $2: a full-text query.
pub const BY_KEYWORDS: SearchStatements =
    search_statements!("SELECT cert_id, 1 AS is_primary FROM user_ids WHERE words @@ $2::tsquery GROUP BY cert_id");

/// $1: digests, $2: the most octets. The sum runs over `length`, so no packets are read for it.
pub const BY_DIGESTS: &str = "SELECT c.packets FROM ( \
         SELECT id, sum(length) OVER (ORDER BY id) AS total, row_number() OVER (ORDER BY id) AS place FROM certs \
         WHERE digest_v23 = ANY($1) OR digest_v24 = ANY($1) \
     ) AS m JOIN certs AS c ON c.id = m.id WHERE m.total <= $2 OR m.place = 1 ORDER BY m.id";

/// $1: fingerprints.
pub const MERGE_BASES: &str = "SELECT fingerprint, packets, revision FROM certs WHERE fingerprint = ANY($1)";

pub async fn certificates(
    conn: &mut PgConnection,
    search: &Search,
    limit: u32,
) -> Result<Vec<StoredCertificate>, StorageError> {
    match statement::<CertificateRow>(search, limit, |statements| statements.certificates) {
        Some(query) => decode_all(query.fetch_all(conn).await?),
        None => Ok(Vec::new()),
    }
}

pub async fn summaries(
    conn: &mut PgConnection,
    search: &Search,
    limit: u32,
) -> Result<Vec<StoredSummary>, StorageError> {
    match statement::<SummaryRow>(search, limit, |statements| statements.summaries) {
        Some(query) => decode_all(query.fetch_all(conn).await?),
        None => Ok(Vec::new()),
    }
}

pub async fn by_digests(
    conn: &mut PgConnection,
    digests: &[Digest],
    limit_octets: u64,
) -> Result<Vec<Bytes>, StorageError> {
    let digests: Vec<&[u8]> = digests.iter().map(|digest| digest.0.as_slice()).collect();
    let packets: Vec<Vec<u8>> = sqlx::query_scalar(BY_DIGESTS)
        .bind(digests)
        .bind(i64::try_from(limit_octets).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await?;
    Ok(packets.into_iter().map(Bytes::from).collect())
}

pub async fn merge_bases(
    conn: &mut PgConnection,
    fingerprints: &[Fingerprint],
) -> Result<Vec<MergeBase>, StorageError> {
    let fingerprints: Vec<&[u8]> = fingerprints.iter().map(Fingerprint::as_bytes).collect();
    let rows: Vec<MergeBaseRow> = sqlx::query_as(MERGE_BASES).bind(fingerprints).fetch_all(conn).await?;
    decode_all(rows)
}

/// The query for `search`; `None` when nothing can match.
fn statement<'q, R>(
    search: &'q Search,
    limit: u32,
    pick: fn(&SearchStatements) -> &'static str,
) -> Option<QueryAs<'q, Postgres, R, PgArguments>>
where
    R: for<'r> FromRow<'r, PgRow>,
{
    let start = |statements| sqlx::query_as(pick(statements)).bind(i64::from(limit));
    match search {
        Search::Fingerprint(fingerprint) => {
            Some(start(&sql::BY_FINGERPRINT).bind(index_key_id(fingerprint)?).bind(fingerprint.as_bytes()))
        }
        Search::KeyId(id) => Some(start(&sql::BY_KEY_ID).bind(id.as_i64())),
        Search::Email(email) => is_indexable(email).then(|| start(&sql::BY_EMAIL).bind(email)),
        // Planned anew for its words: the plan for any words would take them to be common and read the whole table.
        Search::Keywords(words) => Some(start(&BY_KEYWORDS).bind(expression(words)?).persistent(false)),
        Search::Digest(digest) => Some(start(&sql::BY_DIGEST).bind(digest.0.as_slice())),
    }
}

/// All words; `None` when one is in no index.
fn expression(words: &[String]) -> Option<String> {
    let are_indexable = !words.is_empty() && words.iter().all(|word| is_indexable(word));
    let lexemes: Vec<String> = words.iter().map(|word| lexeme(word)).collect();
    are_indexable.then(|| lexemes.join(" & "))
}
