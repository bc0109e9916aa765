//! Deletes what nobody needs any more: old rows of the change log, offers that were not repeated, what was
//! settled long ago, what is left of programs that are gone, and of blocks that have ended.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::storage::gossip::PruneLog;
use crate::storage::{StorageError, Store};

const INTERVAL: Duration = Duration::from_secs(600);
/// Rows of the log that are younger stay, whether or not anybody follows it.
const LOG_AGE: Duration = Duration::from_secs(24 * 3600);
/// Programs, partners and targets of pushes that were silent for longer are forgotten. Who comes back later
/// begins anew.
const SILENCE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Offers are repeated with every session that finds the difference.
const OFFER_AGE: Duration = Duration::from_secs(7 * 24 * 3600);
/// After this time what was settled is asked for once more: another version may judge otherwise.
const SETTLED_AGE: Duration = Duration::from_secs(90 * 24 * 3600);
/// Rows that one statement deletes.
const BATCH: u32 = 5_000;
/// Statements of one kind at a time; the rest is deleted the next time.
const BATCHES: u32 = 200;

/// Prunes every ten minutes until `stop`. Any number of programs may do it at once.
pub async fn prune(store: Store, stop: CancellationToken) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Some(Err(error)) = stop.run_until_cancelled(prune_once(&store)).await {
            tracing::warn!(%error, "old rows could not be pruned; they are kept for the next time");
        }
    }
}

/// Prunes what there is to prune.
pub async fn prune_once(store: &Store) -> Result<(), StorageError> {
    let gossip = store.gossip();
    let bounds = PruneLog { age: LOG_AGE, silence: SILENCE, limit: BATCH };
    let changes = in_batches(|| gossip.prune_changes(bounds)).await?;
    in_batches(|| gossip.prune_offers(OFFER_AGE, BATCH)).await?;
    in_batches(|| gossip.prune_settled(SETTLED_AGE, BATCH)).await?;
    gossip.prune_fleet(SILENCE, BATCH).await?;
    let ended = in_batches(|| store.admin().release_ended(BATCH)).await?;
    if ended > 0 {
        tracing::info!(ended, "blocks have ended by their time");
    }
    if changes > 0 {
        tracing::info!(changes, "the change log was pruned");
    }
    Ok(())
}

/// Deletes a batch at a time while there are whole ones; answers how many rows.
async fn in_batches<F: Future<Output = Result<u64, StorageError>>>(
    mut delete: impl FnMut() -> F,
) -> Result<u64, StorageError> {
    let mut deleted = 0;
    for _ in 0..BATCHES {
        let batch = delete().await?;
        deleted += batch;
        if batch < u64::from(BATCH) {
            break;
        }
    }
    Ok(deleted)
}
