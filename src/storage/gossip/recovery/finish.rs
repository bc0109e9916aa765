//! What comes of claims.

use std::collections::{BTreeMap, HashSet};

use super::{Claimer, Miss};
use crate::domain::Digest;
use crate::storage::StorageError;
use crate::storage::gossip::link::{Link, List, Sql, Work, execute, fetch_all, sql};
use crate::storage::gossip::time::milliseconds;

/// $1: digests. Locks in their order.
pub const LOCK: Sql = sql!("SELECT digest FROM recovery WHERE digest " listed " ORDER BY digest" locked);

/// $1: digests, $2: partner, $3: verdict, $4: until the next try.
const NOTE: Sql = sql!(
    "UPDATE recovery_offers SET attempts = attempts + 1, verdict = $3, next_try = " now " + $4 \
     WHERE partner = $2 AND digest " listed
);

/// $1: digests, $2: partner.
const WITHDRAW: Sql = sql!("DELETE FROM recovery_offers WHERE partner = $2 AND digest " listed);

/// $1: digests, $2: unit, $3: partner.
const UNCLAIM: Sql = sql!(
    "UPDATE recovery SET claimed_by = NULL, claimed_from = NULL, claimed_until = 0 \
     WHERE claimed_by = $2 AND claimed_from = $3 AND digest " listed
);

/// $1: digests.
pub const DROP_UNOFFERED: Sql = sql!(
    "DELETE FROM recovery WHERE digest " listed
    " AND NOT EXISTS (SELECT 1 FROM recovery_offers AS o WHERE o.digest = recovery.digest)"
);

/// $1: digests.
const DROP_OFFERS: Sql = sql!("DELETE FROM recovery_offers WHERE digest " listed);
const DROP: Sql = sql!("DELETE FROM recovery WHERE digest " listed);

/// $1: unit. Passes over rows that are being written, whose claims end by themselves.
const RELEASE: Sql = sql!(
    "UPDATE recovery SET claimed_by = NULL, claimed_from = NULL, claimed_until = 0 \
     WHERE digest IN (SELECT digest FROM recovery WHERE claimed_by = $1" unlocked_only ")"
);

/// Takes the right to write the offers of digests; answers those that are in the queue.
pub async fn lock(work: &mut Work<'_>, digests: &List<'_>) -> Result<HashSet<Digest>, StorageError> {
    let rows: Vec<(Vec<u8>,)> = fetch_all!(work.link(), LOCK, digests)?;
    Ok(rows.into_iter().filter_map(|(octets,)| Digest::try_from(octets.as_slice()).ok()).collect())
}

pub async fn missed(mut link: Link<'_>, claimer: Claimer<'_>, misses: &[Miss]) -> Result<(), StorageError> {
    let mut alike: BTreeMap<_, Vec<&Digest>> = BTreeMap::new();
    for miss in misses {
        alike.entry((&miss.verdict, miss.retry_in)).or_default().push(&miss.digest);
    }
    let all = List::of(misses.iter().map(|miss| &miss.digest));
    let mut work = link.begin().await?;
    lock(&mut work, &all).await?;
    execute!(work.link(), UNCLAIM, &all, claimer.unit, claimer.partner)?;
    for ((verdict, retry_in), digests) in alike {
        let digests = List::of(digests);
        match retry_in {
            Some(delay) => {
                let (verdict, delay) = (verdict.to_string(), milliseconds(delay));
                execute!(work.link(), NOTE, digests, claimer.partner, verdict.as_str(), delay)?
            }
            None => execute!(work.link(), WITHDRAW, digests, claimer.partner)?,
        };
    }
    execute!(work.link(), DROP_UNOFFERED, &all)?;
    work.commit().await
}

pub async fn resolved(mut link: Link<'_>, digests: &[Digest]) -> Result<u64, StorageError> {
    let mut work = link.begin().await?;
    let count = remove(&mut work, &List::of(digests)).await?;
    work.commit().await?;
    Ok(count)
}

/// Takes digests out of the queue; answers how many were in it.
pub async fn remove(work: &mut Work<'_>, digests: &List<'_>) -> Result<u64, StorageError> {
    // What others queue between two of these statements has its offers, which must go with it or stay with it.
    let locked = lock(work, digests).await?;
    if locked.is_empty() {
        return Ok(0);
    }
    let locked = List::of(&locked);
    execute!(work.link(), DROP_OFFERS, &locked)?;
    execute!(work.link(), DROP, &locked)
}

pub async fn release(link: Link<'_>, unit: &str) -> Result<u64, StorageError> {
    execute!(link, RELEASE, unit)
}
