//! What operators do, in both engines.

mod blocks;
mod deleted_keys;
mod expiry;
mod requests;

use hockeypuck::domain::{Digest, Fingerprint, Profile};
use hockeypuck::storage::admin::{Block, BlockOutcome, Known, Unblock};
use hockeypuck::storage::gossip::OfferCounts;

use crate::support::store::World;

/// A block without an end.
fn block<'a>(fingerprints: &'a [Fingerprint], comment: &'a str) -> Block<'a> {
    Block { fingerprints, comment, actor: "op", expires_at: None, known: Known::Overwrite }
}

fn unblock(fingerprints: &[Fingerprint]) -> Unblock<'_> {
    Unblock { fingerprints, comment: "sorry", actor: "op" }
}

fn outcome(fingerprint: Fingerprint, was_stored: bool, was_blocked: bool) -> BlockOutcome {
    BlockOutcome { fingerprint, was_stored, was_blocked }
}

async fn offer(world: &World, digests: &[Digest]) -> OfferCounts {
    world.store.gossip().offer("peer", Profile::V24, digests, 1000).await.unwrap()
}

/// The account: action, actor, targets, comment and outcome of each row, parted by bars.
async fn audit(world: &World) -> Vec<String> {
    let columns = "action || '|' || actor || '|' || targets || '|' || coalesce(comment, '-') || '|' || outcome";
    world.texts(&format!("SELECT {columns} FROM admin_requests ORDER BY id")).await
}
