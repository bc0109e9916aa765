//! How many certificates there are, and what happened in the last days.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Keyring;
use crate::storage::{HourlyCounts, StorageError};

/// How long a count of all certificates is kept.
const TOTAL_AGE_LIMIT: Duration = Duration::from_secs(10);

/// What this process has counted and not yet written to the store.
#[derive(Debug, Default)]
pub struct Counts {
    inserted: AtomicU64,
    updated: AtomicU64,
    removed: AtomicU64,
    total: Kept,
    blocked: Kept,
}

/// The last count of something, and when it was made.
type Kept = Mutex<Option<(Instant, u64)>>;

impl Counts {
    pub(super) fn add(&self, outcome: &super::Outcome) {
        match outcome {
            super::Outcome::Inserted => self.inserted.fetch_add(1, Ordering::Relaxed),
            super::Outcome::Updated => self.updated.fetch_add(1, Ordering::Relaxed),
            super::Outcome::Unchanged | super::Outcome::Rejected(_) => 0,
        };
    }

    pub(super) fn add_removed(&self, count: usize) {
        self.removed.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn take(&self) -> HourlyCounts {
        HourlyCounts {
            inserted: self.inserted.swap(0, Ordering::Relaxed),
            updated: self.updated.swap(0, Ordering::Relaxed),
            removed: self.removed.swap(0, Ordering::Relaxed),
        }
    }

    fn give_back(&self, counts: HourlyCounts) {
        self.inserted.fetch_add(counts.inserted, Ordering::Relaxed);
        self.updated.fetch_add(counts.updated, Ordering::Relaxed);
        self.removed.fetch_add(counts.removed, Ordering::Relaxed);
    }
}

impl Keyring {
    /// The number of certificates, at most ten seconds old.
    pub async fn total(&self) -> Result<u64, StorageError> {
        or_counted(&self.counts.total, || self.store.count()).await
    }

    /// The number of blocks in effect, at most ten seconds old.
    pub async fn blocked_total(&self) -> Result<u64, StorageError> {
        or_counted(&self.counts.blocked, || self.store.admin().blocked_count()).await
    }

    /// Adds what was counted since the last call to `hour` (seconds since 1970, a multiple of 3600).
    pub async fn write_counts(&self, hour: i64) -> Result<(), StorageError> {
        let counts = self.counts.take();
        if counts == HourlyCounts::default() {
            return Ok(());
        }
        let written = self.store.add_hourly(hour, counts).await;
        if written.is_err() {
            self.counts.give_back(counts);
        }
        written
    }

    /// The counts of all hours from `since` on, oldest first.
    pub async fn hourly(&self, since: i64) -> Result<Vec<(i64, HourlyCounts)>, StorageError> {
        self.store.hourly(since).await
    }
}

/// What is kept if it is young enough, else what `count` answers.
async fn or_counted<F: Future<Output = Result<u64, StorageError>>>(
    kept: &Kept,
    count: impl FnOnce() -> F,
) -> Result<u64, StorageError> {
    let last = kept.lock().ok().and_then(|last| *last);
    if let Some((_, count)) = last.filter(|(at, _)| at.elapsed() < TOTAL_AGE_LIMIT) {
        return Ok(count);
    }
    let counted = count().await?;
    if let Ok(mut kept) = kept.lock() {
        *kept = Some((Instant::now(), counted));
    }
    Ok(counted)
}
