//! Handing out digests to fetch.

use std::time::Duration;

use super::{Claimed, Claimer, finish, offer};
use crate::domain::Digest;
use crate::storage::StorageError;
use crate::storage::codec::decode_digest;
use crate::storage::gossip::CLAIM_LIMIT;
use crate::storage::gossip::link::{Link, List, Sql, Work, execute, fetch_all, sql};
use crate::storage::gossip::time::{attempts, milliseconds};
use crate::storage::rows::decode_profile;

/// In how many steps one call drops digests that need no fetching.
const ROUNDS: u32 = 50;

/// $1: partner, $2: limit. Passes over what others claim at this moment, so that it never waits, and
/// looks again at what they claimed meanwhile.
pub const CANDIDATES: Sql = sql!(
    "SELECT o.digest, o.profile, o.attempts FROM recovery_offers AS o JOIN recovery AS r ON r.digest = o.digest \
     WHERE o.partner = $1 AND o.next_try <= " now " AND r.claimed_until <= " now " \
     ORDER BY o.next_try, o.digest LIMIT $2" unlocked_only
);

/// For the rest of a transaction of PostgreSQL: offers are walked in the order in which they are due, up to the
/// limit. A planner that does not know yet how many a partner has just made would sort them all.
pub const IN_ORDER: &str = "SELECT set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true)";

/// $1: digests, $2: unit, $3: partner, $4: lease.
const CLAIM: Sql = sql!(
    "UPDATE recovery SET claimed_by = $2, claimed_from = $3, claimed_until = " now " + $4, attempts = attempts + 1 \
     WHERE digest " listed
);

pub async fn claim(
    mut link: Link<'_>,
    claimer: Claimer<'_>,
    limit: u32,
    lease: Duration,
) -> Result<Vec<Claimed>, StorageError> {
    let limit = i64::from(limit.min(CLAIM_LIMIT));
    for _ in 0..ROUNDS {
        let mut work = link.begin().await?;
        let mut claimed = candidates(&mut work, claimer.partner, limit).await?;
        if claimed.is_empty() {
            return Ok(claimed);
        }
        drop_unneeded(&mut work, &mut claimed).await?;
        let digests = List::of(claimed.iter().map(|one| &one.digest));
        execute!(work.link(), CLAIM, digests, claimer.unit, claimer.partner, milliseconds(lease))?;
        work.commit().await?;
        if !claimed.is_empty() {
            return Ok(claimed);
        }
    }
    Ok(Vec::new())
}

/// What can be claimed, locked.
async fn candidates(work: &mut Work<'_>, partner: &str, limit: i64) -> Result<Vec<Claimed>, StorageError> {
    if let Link::Postgres(connection) = work.link() {
        sqlx::query(IN_ORDER).execute(connection).await?;
    }
    let rows: Vec<(Vec<u8>, i16, i32)> = fetch_all!(work.link(), CANDIDATES, partner, limit)?;
    rows.into_iter()
        .map(|(digest, profile, tried)| {
            Ok(Claimed {
                digest: decode_digest("recovery_offers", "digest", &digest)?,
                profile: decode_profile("recovery_offers", profile)?,
                attempts: attempts("recovery_offers", tried)?,
            })
        })
        .collect()
}

/// Certificates come by other ways too, and what one partner had is settled for all.
async fn drop_unneeded(work: &mut Work<'_>, claimed: &mut Vec<Claimed>) -> Result<(), StorageError> {
    let digests: Vec<Digest> = claimed.iter().map(|one| one.digest).collect();
    let mut unneeded = offer::stored(work.link(), &digests).await?;
    unneeded.extend(offer::known_settled(work, &digests).await?);
    if !unneeded.is_empty() {
        finish::remove(work, &List::of(&unneeded)).await?;
        claimed.retain(|one| !unneeded.contains(&one.digest));
    }
    Ok(())
}
