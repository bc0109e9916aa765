//! Rows that a lookup asks for before the open pass has reached them.

use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{PgConnection, Postgres};

use super::rows::{RowColumns, reversed, row_columns};
use super::tables::{Shape, shape};
use crate::domain::{Digest, Fingerprint, KeyId, Search};
use crate::storage::StorageError;
use crate::storage::adopt::{Row, Wanted};
use crate::storage::codec::is_indexable;
use crate::storage::postgres::lists::lexeme;

/// $1: limit. The columns that say how far the pass is are hidden from the planner, which must go by what is asked
/// for: most rows are beyond them.
macro_rules! unread {
    ($matching:literal) => {
        concat!(
            "SELECT * FROM (SELECT ",
            row_columns!(),
            " FROM keys AS k WHERE ",
            $matching,
            " AND k.rfingerprint || '' > (SELECT reached FROM adoptions WHERE finished_at IS NULL) \
             AND k.mtime + interval '0' > (SELECT since FROM adoptions WHERE finished_at IS NULL)) AS unread \
             WHERE NOT is_stored LIMIT $1"
        )
    };
}

/// $2: the digits of a fingerprint in reverse order.
pub const BY_FINGERPRINT: &str = unread!(
    "k.rfingerprint = ANY(ARRAY(SELECT $2::text UNION ALL SELECT rfingerprint FROM subkeys WHERE rsubfp = $2))"
);

/// $2: the digits of a key ID in reverse order, with which the version 4 fingerprint begins. `g` is after all digits.
pub const BY_KEYS: &str = unread!(
    "k.rfingerprint = ANY(ARRAY( \
         SELECT rfingerprint FROM keys WHERE rfingerprint ~>=~ $2 AND rfingerprint ~<~ ($2 || 'g') \
         UNION ALL SELECT rfingerprint FROM subkeys WHERE rsubfp ~>=~ $2 AND rsubfp ~<~ ($2 || 'g')))"
);

/// $2: as in [`BY_KEYS`], $3: `06` and the digits of a key ID, with which the version 6 fingerprint begins.
pub const BY_KEYS_OF_ANY_VERSION: &str = unread!(
    "k.rfingerprint = ANY(ARRAY( \
         SELECT rfingerprint FROM keys WHERE rfingerprint ~>=~ $2 AND rfingerprint ~<~ ($2 || 'g') \
         UNION ALL SELECT rfingerprint FROM subkeys WHERE rsubfp ~>=~ $2 AND rsubfp ~<~ ($2 || 'g') \
         UNION ALL SELECT rfingerprint FROM keys WHERE vfingerprint >= $3 AND vfingerprint < ($3 || 'g') \
         UNION ALL SELECT rfingerprint FROM subkeys WHERE vsubfp >= $3 AND vsubfp < ($3 || 'g')))"
);

/// $2: words as they are, $3: a text. Hockeypuck 2.3 and 2.4 keep words as they are, 2.2 as the database's
/// configuration makes them of text.
pub const BY_WORDS: &str = unread!("k.keywords @@ ($2::tsquery || plainto_tsquery($3))");

/// $2: digests in hexadecimal digits.
pub const BY_DIGESTS: &str = unread!("k.md5 = ANY($2)");

type Query<'q> = QueryAs<'q, Postgres, RowColumns, PgArguments>;

pub async fn unread(conn: &mut PgConnection, wanted: Wanted<'_>, limit: u32) -> Result<Vec<Row>, StorageError> {
    let Some(shape) = shape(conn).await? else { return Ok(Vec::new()) };
    let start = |statement| sqlx::query_as(statement).bind(i64::from(limit));
    let query = match wanted {
        Wanted::Matching(Search::Fingerprint(fingerprint)) => by_fingerprint(start(BY_FINGERPRINT), fingerprint),
        Wanted::Matching(Search::KeyId(id)) => by_key_id(&start, shape, *id),
        Wanted::Matching(Search::Email(email)) if is_indexable(email) => by_address(start(BY_WORDS), email),
        Wanted::Matching(Search::Keywords(words)) if words.iter().all(|word| is_indexable(word)) => {
            by_words(start(BY_WORDS), words)
        }
        Wanted::Matching(Search::Email(_) | Search::Keywords(_)) => return Ok(Vec::new()),
        Wanted::Matching(Search::Digest(digest)) => by_digests(start(BY_DIGESTS), &[*digest]),
        Wanted::WithDigests(digests) => by_digests(start(BY_DIGESTS), digests),
    };
    Ok(query.fetch_all(conn).await?.into_iter().map(Row::from).collect())
}

fn by_fingerprint<'q>(query: Query<'q>, fingerprint: &Fingerprint) -> Query<'q> {
    query.bind(reversed(&fingerprint.to_string()))
}

fn by_key_id<'q>(start: &impl Fn(&'static str) -> Query<'q>, shape: Shape, id: KeyId) -> Query<'q> {
    let digits = id.to_string();
    if shape.has_versions {
        return start(BY_KEYS_OF_ANY_VERSION).bind(reversed(&digits)).bind(format!("06{digits}"));
    }
    start(BY_KEYS).bind(reversed(&digits))
}

/// Text of which the database would make something else than one address, such as the name of a host that a million
/// addresses have, is looked for as it is only.
fn by_address<'q>(query: Query<'q>, email: &str) -> Query<'q> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '_' | '-' | '+');
    let is_address = email.starts_with(|c: char| c.is_ascii_alphanumeric()) && email.chars().all(is_plain);
    query.bind(lexeme(email)).bind(if is_address { email.to_owned() } else { String::new() }).persistent(false)
}

/// Planned anew for its words, as with the words of this program's own table.
fn by_words<'q>(query: Query<'q>, words: &[impl AsRef<str>]) -> Query<'q> {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let exact = words.iter().map(|word| lexeme(word)).collect::<Vec<_>>().join(" & ");
    query.bind(exact).bind(words.join(" ")).persistent(false)
}

fn by_digests<'q>(query: Query<'q>, digests: &[Digest]) -> Query<'q> {
    query.bind(digests.iter().map(Digest::to_string).collect::<Vec<_>>())
}
