//! What a unit measures now and then, and the comparison of its trees with the table.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::directory::{Directory, PARTNERS_LIMIT};
use super::index::{Index, IndexError, audit};
use crate::storage::gossip::Ledger;
use crate::storage::{StorageError, Store};
use crate::telemetry::ReconMetrics;

/// How old the sizes of the queue in the metrics may be.
const INTERVAL: Duration = Duration::from_secs(30);
/// How often the trees are compared with the table, which takes seconds for millions of digests.
const AUDIT_INTERVAL: Duration = Duration::from_secs(3600);

/// Measures the queue and the trees.
pub struct Upkeep {
    pub store: Store,
    pub index: Index,
    pub directory: Arc<Directory>,
    pub metrics: ReconMetrics,
}

impl Upkeep {
    /// Measures until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let _ = stop.run_until_cancelled(self.forever()).await;
    }

    async fn forever(&self) {
        let mut audited = Instant::now();
        loop {
            if let Err(error) = self.measure().await {
                tracing::warn!(%error, "the recovery queue could not be measured");
            }
            if audited.elapsed() >= AUDIT_INTERVAL {
                audited = Instant::now();
                if let Err(error) = self.audit().await {
                    tracing::warn!(%error, "the trees could not be compared with the table");
                }
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    async fn measure(&self) -> Result<(), StorageError> {
        let Ledger { digests, offers, settled, .. } = self.store.gossip().ledger(PARTNERS_LIMIT).await?;
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.metrics.queue.set(number(digests));
        self.metrics.settled.set(number(settled.iter().map(|(_, count)| count).sum()));
        let mut unresolved = BTreeMap::new();
        for row in &offers {
            // A rejection's label is more than metrics need.
            let reason = row.verdict.as_ref().map_or_else(|| "untried".to_owned(), ToString::to_string);
            let reason = reason.split(':').next().unwrap_or_default().to_owned();
            *unresolved.entry((self.directory.label(&row.partner), reason)).or_insert(0) += row.offers;
        }
        self.metrics.set_unresolved(unresolved.iter().map(|((peer, reason), count)| (*peer, reason.as_str(), *count)));
        Ok(())
    }

    /// The log cannot let trees drift; if they ever do, it shows and is mended.
    async fn audit(&self) -> Result<(), IndexError> {
        let found = audit(&self.store, Some(&self.index)).await?;
        for profile in &found.profiles {
            let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            let difference = signed(profile.indexed) - signed(profile.stored);
            self.metrics.tree_difference.with_label_values(&[profile.profile.as_str()]).set(difference);
        }
        if !found.is_equal() {
            tracing::error!(?found, "a prefix tree differs from the table; it is derived again");
            self.index.rebuild().await.map_err(|error| IndexError::Inconsistent(error.to_string()))?;
        }
        Ok(())
    }
}
