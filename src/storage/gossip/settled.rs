//! Digests not to fetch again.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Verdict;
use super::link::{Link, List, Sql, Work, execute, fetch_all, sql};
use super::recovery::finish;
use super::time::milliseconds;
use crate::domain::{Digest, Fingerprint, Profile};
use crate::storage::StorageError;
use crate::storage::codec::{decode_digest, decode_fingerprint};
use crate::storage::rows::decode_profile;

/// $1: digests. What is settled because of a block counts only as long as the block is in effect, whoever noted it
/// when: a unit may note it a moment after the block was lifted.
pub const KNOWN: Sql = Sql {
    postgres: "SELECT s.digest FROM settled AS s LEFT JOIN blocked AS b \
         ON b.fingerprint = s.fingerprint AND (b.expires_at IS NULL OR b.expires_at > now()) \
         WHERE s.digest = ANY($1) AND (s.reason <> 'blocked' OR s.fingerprint IS NULL OR b.fingerprint IS NOT NULL)",
    sqlite: "SELECT s.digest FROM settled AS s LEFT JOIN blocked AS b \
         ON b.fingerprint = s.fingerprint AND (b.expires_at IS NULL OR b.expires_at > unixepoch()) \
         WHERE s.digest IN (SELECT unhex(value) FROM json_each($1)) \
         AND (s.reason <> 'blocked' OR s.fingerprint IS NULL OR b.fingerprint IS NOT NULL)",
};

/// $1: JSON, an array of arrays of digest, profile, reason and fingerprint, in the order of the digests.
const SETTLE: Sql = Sql {
    postgres: "INSERT INTO settled (digest, profile, reason, fingerprint, at) \
         SELECT decode(e ->> 0, 'hex'), (e ->> 1)::smallint, e ->> 2, decode(e ->> 3, 'hex'), \
         floor(extract(epoch FROM now()) * 1000)::bigint FROM json_array_elements($1::json) AS e \
         ON CONFLICT (digest) DO UPDATE SET profile = excluded.profile, reason = excluded.reason, \
         fingerprint = excluded.fingerprint, at = excluded.at",
    sqlite: "INSERT INTO settled (digest, profile, reason, fingerprint, at) \
         SELECT unhex(value ->> 0), value ->> 1, value ->> 2, unhex(value ->> 3), \
         CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM json_each($1) WHERE true \
         ON CONFLICT (digest) DO UPDATE SET profile = excluded.profile, reason = excluded.reason, \
         fingerprint = excluded.fingerprint, at = excluded.at",
};

/// $1: fingerprints. Locks in the order of the digests, as [`SETTLE`] does.
pub const UNSETTLE: Sql = sql!(
    "DELETE FROM settled WHERE digest IN ( \
         SELECT digest FROM settled WHERE fingerprint " listed " ORDER BY digest" locked ")"
);

/// $1: age, $2: limit. Reads the whole table.
const PRUNE: Sql = sql!(
    "DELETE FROM settled WHERE digest IN (SELECT digest FROM settled WHERE at < " now " - $1 LIMIT $2" unlocked_only ")"
);

/// $1: the digest before the first, $2: limit.
pub const LIST: Sql =
    sql!("SELECT digest, profile, reason, fingerprint FROM settled WHERE digest > $1 ORDER BY digest LIMIT $2");

/// A digest that partners have and we shall not: what we made of the certificate, if anything, has another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub digest: Digest,
    /// That of the partner's tree which has it.
    pub profile: Profile,
    pub reason: Verdict,
    /// That of the certificate, where it is known.
    pub fingerprint: Option<Fingerprint>,
}

/// Locks: the digests' rows in the queue, their offers, the settled ones; each in the order of the digests.
pub async fn settle(mut link: Link<'_>, settled: &[Settled]) -> Result<(), StorageError> {
    let mut work = link.begin().await?;
    write(&mut work, settled).await?;
    work.commit().await
}

/// [`settle`] in the caller's transaction.
pub async fn write(work: &mut Work<'_>, settled: &[Settled]) -> Result<(), StorageError> {
    let unique: BTreeMap<Digest, &Settled> = settled.iter().map(|one| (one.digest, one)).collect();
    let rows: Vec<_> = unique.values().map(|one| row_of(one)).collect();
    let json = serde_json::Value::from(rows).to_string();
    finish::remove(work, &List::of(unique.keys())).await?;
    execute!(work.link(), SETTLE, json.as_str()).map(drop)
}

fn row_of(settled: &Settled) -> serde_json::Value {
    serde_json::json!([
        settled.digest.to_string(),
        settled.profile.code(),
        settled.reason.to_string(),
        settled.fingerprint.map(|fingerprint| hex::encode(fingerprint.as_bytes())),
    ])
}

pub async fn unsettle(link: Link<'_>, fingerprints: &List<'_>) -> Result<u64, StorageError> {
    execute!(link, UNSETTLE, fingerprints)
}

pub async fn prune(link: Link<'_>, expired: Duration, limit: u32) -> Result<u64, StorageError> {
    execute!(link, PRUNE, milliseconds(expired), i64::from(limit))
}

pub async fn list(link: Link<'_>, after: Option<Digest>, limit: u32) -> Result<Vec<Settled>, StorageError> {
    let after = after.as_ref().map(|digest| digest.0.as_slice()).unwrap_or_default();
    let rows: Vec<(Vec<u8>, i16, String, Option<Vec<u8>>)> = fetch_all!(link, LIST, after, i64::from(limit))?;
    rows.into_iter()
        .map(|(digest, profile, reason, fingerprint)| {
            Ok(Settled {
                digest: decode_digest("settled", "digest", &digest)?,
                profile: decode_profile("settled", profile)?,
                reason: Verdict::from_code(&reason),
                fingerprint: fingerprint.map(|octets| decode_fingerprint("settled", &octets)).transpose()?,
            })
        })
        .collect()
}
