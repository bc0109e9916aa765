//! Forgetting what partners have stopped to offer.

use std::time::Duration;

use super::finish;
use crate::domain::Digest;
use crate::storage::StorageError;
use crate::storage::gossip::link::{Link, List, Sql, execute, fetch_all, sql};
use crate::storage::gossip::time::milliseconds;

/// $1: age, $2: limit. Reads the whole table: an index would have to be written with every offer.
const STALE: Sql = sql!("SELECT digest FROM recovery_offers WHERE offered_at < " now " - $1 LIMIT $2");

/// $1: digests, $2: age.
const DROP_STALE: Sql = sql!("DELETE FROM recovery_offers WHERE offered_at < " now " - $2 AND digest " listed);

pub async fn prune_offers(mut link: Link<'_>, stale: Duration, limit: u32) -> Result<u64, StorageError> {
    let age = milliseconds(stale);
    let mut work = link.begin().await?;
    let rows: Vec<(Vec<u8>,)> = fetch_all!(work.link(), STALE, age, i64::from(limit))?;
    let digests: Vec<Digest> =
        rows.into_iter().filter_map(|(octets,)| Digest::try_from(octets.as_slice()).ok()).collect();
    if digests.is_empty() {
        return Ok(0);
    }
    let locked = finish::lock(&mut work, &List::of(&digests)).await?;
    let list = List::of(&locked);
    let pruned = execute!(work.link(), DROP_STALE, &list, age)?;
    execute!(work.link(), finish::DROP_UNOFFERED, &list)?;
    work.commit().await?;
    Ok(pruned)
}
