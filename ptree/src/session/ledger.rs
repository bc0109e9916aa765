//! The elements that change hands in a session.

use std::collections::BTreeSet;

use super::Limits;
use crate::{Element, Prefix, Tree};

/// The elements learned, and how many were given.
#[derive(Debug)]
pub(super) struct Ledger {
    learned: BTreeSet<Element>,
    learned_limit: usize,
    given: usize,
    given_limit: usize,
    reply_limit: usize,
    superfluous: u64,
    capped: bool,
}

impl Ledger {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            learned: BTreeSet::new(),
            learned_limit: limits.learned,
            given: 0,
            given_limit: limits.given,
            reply_limit: limits.reply_elements,
            superfluous: 0,
            capped: false,
        }
    }

    /// Notes elements that the peer has. Those outside of `prefix` and those that the tree has are
    /// dropped: some peers answer with more than they were asked for.
    pub(super) fn learn(&mut self, tree: &Tree, prefix: Prefix, elements: impl IntoIterator<Item = Element>) {
        for element in elements {
            if !prefix.contains(element) || tree.contains(element) {
                self.superfluous += 1;
            } else if self.learned.len() < self.learned_limit {
                self.learned.insert(element);
            } else if !self.learned.contains(&element) {
                self.capped = true;
            }
        }
    }

    /// As many of the elements as may be given at once.
    pub(super) fn give(&mut self, elements: impl Iterator<Item = Element>) -> Vec<Element> {
        let mut elements = elements.fuse();
        let limit = self.reply_limit.min(self.given_limit.saturating_sub(self.given));
        let given: Vec<Element> = elements.by_ref().take(limit).collect();
        self.capped |= elements.next().is_some();
        self.given += given.len();
        given
    }

    /// Whether the rest is for the next session.
    pub(super) fn is_full(&self) -> bool {
        self.learned.len() >= self.learned_limit || self.given >= self.given_limit
    }

    /// Something is left to the next session.
    pub(super) fn cap(&mut self) {
        self.capped = true;
    }

    pub(super) fn is_capped(&self) -> bool {
        self.capped
    }

    /// Elements given, and elements received in vain.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.given as u64, self.superfluous)
    }

    /// What was learned, ascending.
    pub(super) fn into_learned(self) -> Vec<Element> {
        self.learned.into_iter().collect()
    }
}

/// Those of `ours` that are not in `theirs`; both ascend.
pub(super) fn without(ours: impl Iterator<Item = Element>, theirs: &[Element]) -> impl Iterator<Item = Element> {
    let mut theirs = theirs.iter().copied().peekable();
    ours.filter(move |element| {
        while theirs.next_if(|their| their < element).is_some() {}
        theirs.peek() != Some(element)
    })
}
