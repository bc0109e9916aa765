//! The prefix trees: derived from the store, kept by its change log, published as immutable snapshots.
//!
//! One task owns them. Nobody else changes a tree, and nothing but the log makes it change one, so
//! a tree cannot drift from the table. A rebuild derives new trees beside those in use.

mod audit;
mod derive;
mod follow;
mod snapshot;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use audit::{Audit, ProfileAudit, audit};
pub use derive::{Derived, derive};
pub use snapshot::Snapshot;

use crate::storage::{StorageError, Store};
use crate::telemetry::ReconMetrics;
use follow::{BATCH as FOLLOW_BATCH, Followed, follow};

/// How long a change may stay unseen when nobody tells of it.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How long the owner waits before it tries again to derive the trees.
const RETRY_PAUSE: Duration = Duration::from_secs(2);
/// Rebuilds that may be asked for at once; all of them get the answer of one.
const REQUEST_LIMIT: usize = 16;

/// Why there are no trees.
#[derive(Debug, Error)]
pub enum IndexError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Two certificates with one digest, or the like: the store breaks its own rules.
    #[error("the digests in the store cannot form a tree: {0}")]
    Inconsistent(String),
    #[error("the trees are being put away: the server stops")]
    Stopped,
}

/// Access to the trees. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Index {
    snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
    rebuilds: mpsc::Sender<oneshot::Sender<Result<Derived, Arc<IndexError>>>>,
}

/// The task that owns the trees; see [`Owner::run`].
pub struct Owner {
    store: Store,
    metrics: ReconMetrics,
    published: watch::Sender<Option<Arc<Snapshot>>>,
    rebuilds: mpsc::Receiver<oneshot::Sender<Result<Derived, Arc<IndexError>>>>,
    /// Those who wait for the rebuild under way.
    waiting: Vec<oneshot::Sender<Result<Derived, Arc<IndexError>>>>,
    building: JoinSet<Result<(Snapshot, Derived), IndexError>>,
}

/// An index without trees yet, and the task that derives and keeps them.
pub fn index(store: Store, metrics: ReconMetrics) -> (Index, Owner) {
    let (published, snapshots) = watch::channel(None);
    let (ask, rebuilds) = mpsc::channel(REQUEST_LIMIT);
    let owner = Owner { store, metrics, published, rebuilds, waiting: Vec::new(), building: JoinSet::new() };
    (Index { snapshots, rebuilds: ask }, owner)
}

impl Index {
    /// The trees as they are; `None` until they have been derived for the first time.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshots.borrow().clone()
    }

    /// The first trees that include all changes up to `position`.
    pub async fn at_least(&self, position: i64) -> Result<Arc<Snapshot>, IndexError> {
        let mut snapshots = self.snapshots.clone();
        let reached = |snapshot: &Option<Arc<Snapshot>>| snapshot.as_ref().is_some_and(|s| s.position() >= position);
        let found = snapshots.wait_for(reached).await.map_err(|_| IndexError::Stopped)?.clone();
        found.ok_or(IndexError::Stopped)
    }

    /// Derives the trees again and swaps them in; those in use serve meanwhile.
    pub async fn rebuild(&self) -> Result<Derived, Arc<IndexError>> {
        let stopped = || Arc::new(IndexError::Stopped);
        let (answer, answered) = oneshot::channel();
        self.rebuilds.send(answer).await.map_err(|_| stopped())?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Owner {
    /// Derives the trees, then follows the log until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        self.build();
        // Deriving comes first, and a failed attempt is repeated.
        let mut current: Option<Snapshot> = None;
        loop {
            let has_trees = current.is_some();
            tokio::select! {
                () = stop.cancelled() => return,
                Some(built) = self.building.join_next() => self.built(built, &mut current).await,
                Some(asking) = self.rebuilds.recv() => {
                    self.waiting.push(asking);
                    self.build();
                }
                () = self.store.wait_for_change(POLL_INTERVAL), if has_trees => self.follow(&mut current).await,
            }
        }
    }

    /// Starts to derive trees unless that is under way.
    fn build(&mut self) {
        if self.building.is_empty() {
            let store = self.store.clone();
            self.building.spawn(async move { derive(&store).await });
        }
    }

    /// Takes over trees that were derived, brought up to where those in use are.
    async fn built(
        &mut self,
        built: Result<Result<(Snapshot, Derived), IndexError>, tokio::task::JoinError>,
        current: &mut Option<Snapshot>,
    ) {
        let built = built.unwrap_or_else(|panic| Err(IndexError::Inconsistent(panic.to_string())));
        let (mut fresh, derived) = match built {
            Ok(built) => built,
            Err(error) => {
                tracing::error!(%error, "the prefix trees could not be derived");
                let error = Arc::new(error);
                self.waiting.drain(..).for_each(|asking| drop(asking.send(Err(error.clone()))));
                if current.is_none() {
                    tokio::time::sleep(RETRY_PAUSE).await;
                    self.build();
                }
                return;
            }
        };
        let reached = current.as_ref().map_or(i64::MIN, Snapshot::position);
        // Others must never see trees go back in time.
        while fresh.position() < reached {
            let before = fresh.position();
            if !matches!(follow(&self.store, &mut fresh, reached).await, Ok(Followed::Changes(_)))
                || fresh.position() == before
            {
                tracing::warn!("the log went on faster than the derived trees; deriving them again");
                return self.build();
            }
        }
        tracing::info!(
            position = fresh.position(),
            digests = ?derived.digests,
            took_ms = derived.took.as_millis(),
            "the prefix trees are derived"
        );
        self.publish(&fresh);
        *current = Some(fresh);
        self.waiting.drain(..).for_each(|asking| drop(asking.send(Ok(derived.clone()))));
    }

    /// Applies what the log has, and derives again when the log does not go back far enough.
    async fn follow(&mut self, current: &mut Option<Snapshot>) {
        let Some(trees) = current else { return };
        match follow(&self.store, trees, i64::MAX).await {
            Ok(Followed::Changes(0)) => {}
            Ok(Followed::Changes(count)) => {
                // A full batch: there is more.
                self.metrics.log_lag.set(if count == u64::from(FOLLOW_BATCH) { count.cast_signed() } else { 0 });
                self.publish(trees);
            }
            Ok(Followed::Pruned) => {
                tracing::warn!(position = trees.position(), "the log was pruned beyond the trees; deriving them again");
                self.build();
                tokio::time::sleep(POLL_INTERVAL).await;
            }
            Ok(Followed::Contradiction(digest)) => {
                tracing::error!(%digest, "the log contradicts the trees; deriving them again");
                self.metrics.contradictions.inc();
                self.build();
                tokio::time::sleep(POLL_INTERVAL).await;
            }
            Err(error) => {
                tracing::warn!(%error, "the change log cannot be read; the trees wait");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        }
    }

    fn publish(&self, trees: &Snapshot) {
        for (profile, tree) in trees.trees() {
            let count = i64::try_from(tree.len()).unwrap_or(i64::MAX);
            self.metrics.tree_elements.with_label_values(&[profile.as_str()]).set(count);
        }
        self.published.send_replace(Some(Arc::new(trees.clone())));
    }
}
