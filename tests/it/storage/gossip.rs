//! What reconciliation keeps in the database, on both engines.

mod concurrency;
mod explain;
mod fleet;
mod queue;
mod sets;
mod settled;

use std::time::Duration;

use hockeypuck::domain::{Digest, Profile};
use hockeypuck::storage::gossip::{Claimer, Miss, OfferCounts, Verdict};

use crate::support::records::digest;
use crate::support::store::World;

const LEASE: Duration = Duration::from_secs(3600);
const NO_CAP: u64 = u64::MAX;

fn claimer<'a>(unit: &'a str, partner: &'a str) -> Claimer<'a> {
    Claimer { unit, partner }
}

/// Different digests that no certificate of [`crate::support::records`] has in its first generation.
fn digests(range: std::ops::Range<u32>) -> Vec<Digest> {
    range.map(|n| digest(n, 77)).collect()
}

fn miss(digest: Digest, verdict: Verdict, retry_in: Option<Duration>) -> Miss {
    Miss { digest, verdict, retry_in }
}

async fn offer(world: &World, partner: &str, digests: &[Digest]) -> OfferCounts {
    world.store.gossip().offer(partner, Profile::V24, digests, NO_CAP).await.unwrap()
}

/// What a unit can claim, ascending.
async fn claim(world: &World, unit: &str, partner: &str) -> Vec<Digest> {
    let claimed = world.store.gossip().claim(claimer(unit, partner), 1000, LEASE).await.unwrap();
    let mut digests: Vec<Digest> = claimed.into_iter().map(|one| one.digest).collect();
    digests.sort();
    digests
}

fn sorted(mut digests: Vec<Digest>) -> Vec<Digest> {
    digests.sort();
    digests
}
