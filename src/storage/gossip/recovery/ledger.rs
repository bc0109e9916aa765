//! What is in the queue.

use super::{Ledger, LedgerRow, QueuedDigest};
use crate::domain::Digest;
use crate::storage::StorageError;
use crate::storage::codec::decode_digest;
use crate::storage::gossip::Verdict;
use crate::storage::gossip::link::{Link, Sql, fetch_all, sql};
use crate::storage::gossip::time::{attempts, unsigned};
use crate::storage::rows::decode_profile;

const DIGESTS: Sql = sql!(
    "SELECT count(*), count(CASE WHEN claimed_until > " now " THEN 1 END), coalesce(" now " - min(first_seen), 0) \
     FROM recovery"
);

/// $1: limit.
const OFFERS: Sql = sql!(
    "SELECT partner, verdict, count(*) FROM recovery_offers GROUP BY partner, verdict \
     ORDER BY partner, coalesce(verdict, '') LIMIT $1"
);

/// $1: limit.
const SETTLED: Sql = sql!("SELECT reason, count(*) FROM settled GROUP BY reason ORDER BY reason LIMIT $1");

/// $1: the digest before the first, $2: its partner, $3: limit.
pub const QUEUED: Sql = sql!(
    "SELECT o.digest, o.partner, o.profile, r.first_seen, o.offered_at, o.attempts, o.next_try, o.verdict \
     FROM recovery_offers AS o JOIN recovery AS r ON r.digest = o.digest \
     WHERE (o.digest, o.partner) > ($1, $2) ORDER BY o.digest, o.partner LIMIT $3"
);

pub async fn ledger(mut link: Link<'_>, limit: u32) -> Result<Ledger, StorageError> {
    let mut work = link.begin_snapshot().await?;
    let sums: Vec<(i64, i64, i64)> = fetch_all!(work.link(), DIGESTS)?;
    let offers: Vec<(String, Option<String>, i64)> = fetch_all!(work.link(), OFFERS, i64::from(limit))?;
    let settled: Vec<(String, i64)> = fetch_all!(work.link(), SETTLED, i64::from(limit))?;
    work.commit().await?;
    let (digests, claimed, oldest_age) = sums.first().copied().unwrap_or_default();
    Ok(Ledger {
        digests: unsigned(digests),
        claimed: unsigned(claimed),
        oldest_age: unsigned(oldest_age),
        offers: offers
            .into_iter()
            .map(|(partner, verdict, offers)| {
                let verdict = verdict.as_deref().map(Verdict::from_code);
                LedgerRow { partner, verdict, offers: unsigned(offers) }
            })
            .collect(),
        settled: settled.iter().map(|(reason, count)| (Verdict::from_code(reason), unsigned(*count))).collect(),
    })
}

#[derive(sqlx::FromRow)]
struct QueuedRow {
    digest: Vec<u8>,
    partner: String,
    profile: i16,
    first_seen: i64,
    offered_at: i64,
    attempts: i32,
    next_try: i64,
    verdict: Option<String>,
}

pub async fn queued(
    link: Link<'_>,
    after: Option<(Digest, &str)>,
    limit: u32,
) -> Result<Vec<QueuedDigest>, StorageError> {
    let digest = after.as_ref().map(|(digest, _)| digest.0.as_slice()).unwrap_or_default();
    let partner = after.map(|(_, partner)| partner).unwrap_or_default();
    let rows: Vec<QueuedRow> = fetch_all!(link, QUEUED, digest, partner, i64::from(limit))?;
    rows.into_iter()
        .map(|row| {
            Ok(QueuedDigest {
                digest: decode_digest("recovery_offers", "digest", &row.digest)?,
                partner: row.partner,
                profile: decode_profile("recovery_offers", row.profile)?,
                first_seen: row.first_seen,
                offered_at: row.offered_at,
                attempts: attempts("recovery_offers", row.attempts)?,
                next_try: row.next_try,
                verdict: row.verdict.as_deref().map(Verdict::from_code),
            })
        })
        .collect()
}
