//! The trees of all profiles as they were at one position of the log.

use ptree::{Element, Tree};

use crate::domain::{Change, Digest, Profile, Sign};

/// Immutable to everybody but the owner of the trees. A clone shares all nodes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    position: i64,
    trees: [Tree; Profile::ALL.len()],
}

impl Snapshot {
    /// Trees that hold what the log's rows up to `position` led to, in the order of [`Profile::ALL`].
    pub(super) fn new(position: i64, trees: [Tree; Profile::ALL.len()]) -> Self {
        Self { position, trees }
    }

    /// The last position of the log that the trees include.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// The tree of `profile`.
    pub fn tree(&self, profile: Profile) -> &Tree {
        let [v23, v24] = &self.trees;
        match profile {
            Profile::V23 => v23,
            Profile::V24 => v24,
        }
    }

    /// Each profile with its tree.
    pub fn trees(&self) -> impl Iterator<Item = (Profile, &Tree)> {
        Profile::ALL.into_iter().map(|profile| (profile, self.tree(profile)))
    }

    /// Applies one row of the log. Answers whether it fits: what enters was not there, what leaves was.
    pub(super) fn apply(&mut self, change: &Change) -> bool {
        self.position = change.seq;
        let [v23, v24] = &mut self.trees;
        let tree = match change.profile {
            Profile::V23 => v23,
            Profile::V24 => v24,
        };
        match (element(change.digest), change.sign) {
            (None, _) => true,
            (Some(element), Sign::Plus) => tree.insert(element),
            (Some(element), Sign::Minus) => tree.remove(element),
        }
    }
}

/// The element of a digest; `None` for the three that no server can hold.
pub(super) fn element(digest: Digest) -> Option<Element> {
    Element::new(digest.0)
}
