//! Trees from the table.

use std::time::{Duration, Instant};

use ptree::{Element, Tree};

use super::IndexError;
use super::snapshot::{Snapshot, element};
use crate::domain::{Digest, Profile};
use crate::storage::Store;

/// What a derivation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// The position of the log at which the table was read.
    pub position: i64,
    /// Digests in each profile's tree.
    pub digests: Vec<(Profile, usize)>,
    /// Reading and building.
    pub took: Duration,
}

/// Reads all digests in one snapshot of the database and builds the trees, on other threads.
pub async fn derive(store: &Store) -> Result<(Snapshot, Derived), IndexError> {
    let started = Instant::now();
    let sets = store.gossip().digest_sets().await?;
    let position = sets.position;
    let building = tokio::task::spawn_blocking(move || {
        let build = |profile| {
            let digests = sets.of(profile);
            tree(digests).map_err(|error| IndexError::Inconsistent(error.to_string()))
        };
        let [v23, v24] = Profile::ALL.map(build);
        Ok::<_, IndexError>([v23?, v24?])
    });
    let trees = building.await.map_err(|panic| IndexError::Inconsistent(panic.to_string()))??;
    let snapshot = Snapshot::new(position, trees);
    let digests = snapshot.trees().map(|(profile, tree)| (profile, tree.len())).collect();
    Ok((snapshot, Derived { position, digests, took: started.elapsed() }))
}

fn tree(digests: &[Digest]) -> Result<Tree, ptree::NotSorted> {
    let elements: Vec<Element> = digests.iter().copied().filter_map(element).collect();
    Tree::from_sorted(&elements)
}
