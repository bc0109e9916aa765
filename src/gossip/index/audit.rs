//! Comparing the trees with the table.

use ptree::{Prefix, Tree};

use super::derive::derive;
use super::follow::{Followed, follow};
use super::{Index, IndexError, Snapshot};
use crate::domain::Profile;
use crate::storage::Store;

/// What a comparison found. Rendered by whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The position of the log at which both were compared.
    pub position: i64,
    pub profiles: Vec<ProfileAudit>,
}

/// One profile's tree against its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileAudit {
    pub profile: Profile,
    /// Digests in the table.
    pub stored: usize,
    /// Elements in the tree.
    pub indexed: usize,
    /// Whether digests and root values are equal, and every node's values are those of its elements.
    pub is_equal: bool,
}

impl Audit {
    pub fn is_equal(&self) -> bool {
        self.profiles.iter().all(|profile| profile.is_equal)
    }
}

/// Compares the trees in use, or without any those that the table leads to, with the table.
pub async fn audit(store: &Store, index: Option<&Index>) -> Result<Audit, IndexError> {
    let (mut expected, _) = derive(store).await?;
    let Some(index) = index else {
        return compare(expected.clone(), expected).await;
    };
    let trees = index.at_least(expected.position()).await?;
    // The table was read a moment before the trees: the log leads from one to the other.
    while expected.position() < trees.position() {
        let Followed::Changes(1..) = follow(store, &mut expected, trees.position()).await? else {
            return Err(IndexError::Inconsistent("the log does not lead from the table to the trees".into()));
        };
    }
    compare(expected, Snapshot::clone(&trees)).await
}

/// On another thread, since every value is computed anew.
async fn compare(expected: Snapshot, trees: Snapshot) -> Result<Audit, IndexError> {
    let work = move || {
        let profiles =
            Profile::ALL.map(|profile| compare_profile(profile, expected.tree(profile), trees.tree(profile)));
        Audit { position: trees.position(), profiles: profiles.to_vec() }
    };
    tokio::task::spawn_blocking(work).await.map_err(|panic| IndexError::Inconsistent(panic.to_string()))
}

fn compare_profile(profile: Profile, expected: &Tree, tree: &Tree) -> ProfileAudit {
    let are_same = || expected.elements(Prefix::ROOT).eq(tree.elements(Prefix::ROOT));
    let is_equal = expected.samples() == tree.samples() && are_same() && tree.check().is_ok();
    ProfileAudit { profile, stored: expected.len(), indexed: tree.len(), is_equal }
}
