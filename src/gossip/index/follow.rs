//! Following the change log.

use super::snapshot::Snapshot;
use crate::domain::Digest;
use crate::storage::{StorageError, Store};

/// Rows of the log that are read at once.
pub(super) const BATCH: u32 = 10_000;

/// What the log had for the trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Followed {
    /// That many rows, all of which were applied. There may be more.
    Changes(u64),
    /// Rows after the trees' position are no longer there.
    Pruned,
    /// A digest entered that was there, or left that was not.
    Contradiction(Digest),
}

/// Applies the next rows of the log, those up to the position `until`.
pub(super) async fn follow(store: &Store, trees: &mut Snapshot, until: i64) -> Result<Followed, StorageError> {
    let from = trees.position();
    let mut changes = store.changes(from, BATCH).await?;
    changes.retain(|change| change.seq <= until);
    // Read after the rows: what was pruned before they were read shows.
    if store.gossip().log_floor().await? > from {
        return Ok(Followed::Pruned);
    }
    for change in &changes {
        if !trees.apply(change) {
            return Ok(Followed::Contradiction(change.digest));
        }
    }
    Ok(Followed::Changes(u64::try_from(changes.len()).unwrap_or(u64::MAX)))
}
