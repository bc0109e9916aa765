//! Two sessions in one thread on virtual time, sets at random, and sets compared the simple way.
//!
//! Everything here is for tests and benchmarks: it panics where something never ends.

#![expect(clippy::panic, reason = "a test that cannot go on fails by panicking")]

mod path;
mod random;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::session::{Chosen, Follow, Lead, Limits, Offer, Outcome, Session};
use crate::{Element, Tree};
pub use path::{Path, connect};
pub use random::Random;

/// What the two sessions of a pair left.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Of the side that accepted.
    pub lead: Outcome,
    /// Of the side that connected.
    pub follow: Outcome,
    /// Virtual time until both had ended.
    pub elapsed: Duration,
}

/// Two sets to be reconciled, the limits of both sides and the connection between them.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The set of the side that accepts.
    pub lead: Tree,
    /// The set of the side that connects.
    pub follow: Tree,
    /// Of both sides.
    pub limits: Limits,
    /// The connection.
    pub path: Path,
}

/// What both sides of a pair say of themselves.
pub const OFFER: Offer = Offer { http_port: 11371 };
/// The filters of both sides of a pair.
pub const FILTERS: &str = "yminsky.dedup,yminsky.merge";

impl Pair {
    /// Two sets, with the limits by default and a perfect connection.
    pub fn new(lead: &BTreeSet<Element>, follow: &BTreeSet<Element>) -> Self {
        let [lead, follow] = [lead, follow].map(tree);
        Self { lead, follow, limits: Limits::default(), path: Path::default() }
    }

    /// Runs one session to its end.
    pub fn run(&self) -> Finished {
        let mut lead = Lead::new(&OFFER, &self.limits, Duration::ZERO);
        let mut random = Random::new(1);
        let mut follow = Follow::new(&OFFER, chosen(&self.follow), &self.limits, || random.number(), Duration::ZERO);
        let react = |lead: &mut Lead, now| lead.choose(Ok(chosen(&self.lead)), now);
        let elapsed = connect(&mut lead, react, &mut follow, &self.path);
        Finished { lead: lead.finish(), follow: follow.finish(), elapsed }
    }

    /// Runs one session and adds what each side learned to its set.
    pub fn reconcile(&mut self) -> Finished {
        let finished = self.run();
        finished.lead.learned.iter().for_each(|element| assert!(self.lead.insert(*element), "learned twice"));
        finished.follow.learned.iter().for_each(|element| assert!(self.follow.insert(*element), "learned twice"));
        finished
    }
}

/// A set with the filters of pairs.
pub fn chosen(tree: &Tree) -> Chosen {
    Chosen { filters: FILTERS.to_owned(), tree: tree.clone() }
}

/// The tree of a set.
pub fn tree(elements: &BTreeSet<Element>) -> Tree {
    elements.iter().copied().collect()
}

/// The elements of a tree.
pub fn set(tree: &Tree) -> BTreeSet<Element> {
    tree.elements(crate::Prefix::ROOT).collect()
}

/// What only `one` has, found without any tree.
pub fn only(one: &BTreeSet<Element>, other: &BTreeSet<Element>) -> Vec<Element> {
    one.difference(other).copied().collect()
}
