//! Queueing what a partner has.

use std::collections::HashSet;

use super::{OfferCounts, finish};
use crate::domain::{Digest, Profile};
use crate::storage::StorageError;
use crate::storage::gossip::link::{Link, List, Sql, Work, execute, fetch_all, fetch_scalar, sql};
use crate::storage::gossip::settled;
use crate::storage::gossip::time::unsigned;

/// For how long an offer that is repeated with every session is not written anew, in milliseconds.
const FRESH: i64 = 3_600_000;

/// $1: digests.
const STORED: Sql = sql!(
    "SELECT digest_v23 FROM certs WHERE digest_v23 " listed
    " UNION SELECT digest_v24 FROM certs WHERE digest_v24 " listed
);

/// $1: digests, $2: partner, $3: for how long an offer is fresh.
const KNOWN: Sql = sql!(
    "SELECT digest, offered_at > " now " - $3 FROM recovery_offers WHERE partner = $2 AND digest " listed
);

/// $1: partner, $2: limit.
const COUNT: Sql =
    sql!("SELECT count(*) FROM (SELECT 1 FROM recovery_offers WHERE partner = $1 LIMIT $2) AS open_offers");

/// $1: digests, ascending.
const QUEUE: Sql = sql!(
    "INSERT INTO recovery (digest, first_seen) SELECT d, " now " FROM " elements " WHERE true ORDER BY d ON CONFLICT DO NOTHING"
);

/// $1: digests, $2: partner, $3: profile.
const OFFER: Sql = sql!(
    "INSERT INTO recovery_offers (digest, partner, profile, offered_at, next_try) \
     SELECT d, CAST($2 AS text), CAST($3 AS smallint), " now ", " now " FROM " elements " WHERE true ORDER BY d \
     ON CONFLICT DO NOTHING"
);

/// $1: digests, $2: partner, $3: profile.
const REFRESH: Sql = sql!(
    "UPDATE recovery_offers SET offered_at = " now ", profile = $3 WHERE partner = $2 AND digest " listed
);

/// The statements that every offer runs, with the kinds of their parameters: `d` digests, `p` a partner, `n` a number.
pub fn statements() -> [(Sql, &'static str); 5] {
    [(STORED, "d"), (settled::KNOWN, "d"), (KNOWN, "dpn"), (finish::LOCK, "d"), (REFRESH, "dpn")]
}

/// A chunk of different digests, ascending.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    pub partner: &'a str,
    pub profile: Profile,
    pub digests: &'a [Digest],
    /// How many new offers the partner may make.
    pub room: u64,
}

/// How many more offers a partner may make.
pub async fn room(link: Link<'_>, partner: &str, cap: u64) -> Result<u64, StorageError> {
    let limit = i64::try_from(cap).unwrap_or(i64::MAX);
    let open: i64 = fetch_scalar!(link, COUNT, partner, limit)?;
    Ok(cap.saturating_sub(unsigned(open)))
}

pub async fn offer(mut link: Link<'_>, offer: Offer<'_>) -> Result<OfferCounts, StorageError> {
    let mut work = link.begin().await?;
    let mut counts = OfferCounts::default();
    let stored = stored(&mut work, offer.digests).await?;
    let mut rest = without(offer.digests, &stored, &mut counts.stored);
    let settled = known_settled(&mut work, &rest).await?;
    rest = without(&rest, &settled, &mut counts.settled);
    let (known, stale) = known(&mut work, &offer, &rest).await?;
    rest = without(&rest, &known, &mut counts.known);
    let room = usize::try_from(offer.room).unwrap_or(usize::MAX).min(rest.len());
    counts.left_out = (rest.len() - room) as u64;
    rest.truncate(room);
    let new = rest.len() as u64;
    counts.queued = write(&mut work, &offer, &rest, &stale).await?;
    // Others may have queued them a moment ago.
    counts.known += new.saturating_sub(counts.queued);
    work.commit().await?;
    Ok(counts)
}

/// Those of `digests` that a certificate has in any profile.
pub async fn stored(work: &mut Work<'_>, digests: &[Digest]) -> Result<HashSet<Digest>, StorageError> {
    let rows: Vec<(Vec<u8>,)> = fetch_all!(work.link(), STORED, List::of(digests))?;
    Ok(rows.into_iter().filter_map(|(octets,)| Digest::try_from(octets.as_slice()).ok()).collect())
}

/// Those of `digests` that are not to be fetched.
pub async fn known_settled(work: &mut Work<'_>, digests: &[Digest]) -> Result<HashSet<Digest>, StorageError> {
    let rows: Vec<(Vec<u8>,)> = fetch_all!(work.link(), settled::KNOWN, List::of(digests))?;
    Ok(rows.into_iter().filter_map(|(octets,)| Digest::try_from(octets.as_slice()).ok()).collect())
}

/// Those that the partner has offered already, and those of them that it offered long ago.
async fn known(
    work: &mut Work<'_>,
    offer: &Offer<'_>,
    digests: &[Digest],
) -> Result<(HashSet<Digest>, Vec<Digest>), StorageError> {
    let rows: Vec<(Vec<u8>, bool)> = fetch_all!(work.link(), KNOWN, List::of(digests), offer.partner, FRESH)?;
    let rows = rows.into_iter().filter_map(|(octets, fresh)| Some((Digest::try_from(octets.as_slice()).ok()?, fresh)));
    let rows: Vec<(Digest, bool)> = rows.collect();
    let stale = rows.iter().filter(|(_, is_fresh)| !is_fresh).map(|(digest, _)| *digest).collect();
    Ok((rows.into_iter().map(|(digest, _)| digest).collect(), stale))
}

fn without(digests: &[Digest], found: &HashSet<Digest>, count: &mut u64) -> Vec<Digest> {
    *count += found.len() as u64;
    digests.iter().filter(|digest| !found.contains(digest)).copied().collect()
}

/// Writes `new` offers and those that are `stale`; answers how many of the former were written.
async fn write(work: &mut Work<'_>, offer: &Offer<'_>, new: &[Digest], stale: &[Digest]) -> Result<u64, StorageError> {
    if new.is_empty() && stale.is_empty() {
        return Ok(0);
    }
    let profile = offer.profile.code();
    if !new.is_empty() {
        execute!(work.link(), QUEUE, List::of(new))?;
    }
    // A row that somebody deletes at this moment is not found again: its digest waits for the next offer.
    let locked = finish::lock(work, &List::of(new.iter().chain(stale))).await?;
    let of = |digests: &[Digest]| -> Vec<Digest> { digests.iter().filter(|d| locked.contains(d)).copied().collect() };
    let (new, stale) = (of(new), of(stale));
    if !stale.is_empty() {
        execute!(work.link(), REFRESH, List::of(&stale), offer.partner, profile)?;
    }
    if new.is_empty() {
        return Ok(0);
    }
    execute!(work.link(), OFFER, List::of(&new), offer.partner, profile)
}
