//! The side that answers: what the reply to a request is.

use super::ledger::{Ledger, without};
use super::link::Link;
use super::{Budget, Misbehaviour, SessionError};
use crate::wire::Message;
use crate::{Difference, Element, Prefix, Samples, Tree, solve};

/// Computes replies.
#[derive(Debug)]
pub(super) struct Replies<R> {
    pub(super) tree: Tree,
    pub(super) ledger: Ledger,
    random: R,
}

/// Of nodes with no more elements everything is sent where they cannot be solved.
const FULL: usize = 150;

impl<R: FnMut() -> u64> Replies<R> {
    pub(super) fn new(tree: Tree, ledger: Ledger, random: R) -> Self {
        Self { tree, ledger, random }
    }

    /// The reply to samples.
    pub(super) fn poly(
        &mut self,
        link: &mut Link,
        prefix: Prefix,
        size: u32,
        samples: &Samples,
    ) -> Result<Message, SessionError> {
        link.work.polynomials += 1;
        if self.ledger.is_full() {
            return Ok(self.nothing());
        }
        if link.work.solves >= link.limits.solves {
            return Err(Budget::Solves.into());
        }
        link.work.solves += 1;
        if let Some(difference) = self.solve(prefix, size, samples) {
            self.ledger.learn(&self.tree, prefix, difference.remote_only);
            return Ok(Message::Elements(self.ledger.give(difference.local_only.into_iter())));
        }
        link.work.failed_solves += 1;
        // The asker answers with everything that this side lacks: not worth it where that is very much.
        let few = self.tree.count(prefix) <= FULL && size as usize <= link.limits.reply_elements;
        if few || prefix.children().is_none() {
            link.work.full_elements += 1;
            Ok(Message::FullElements(self.tree.elements(prefix).collect()))
        } else {
            link.work.sync_fails += 1;
            Ok(Message::SyncFail)
        }
    }

    /// The reply to elements.
    pub(super) fn full(
        &mut self,
        link: &mut Link,
        prefix: Prefix,
        theirs: Vec<Element>,
    ) -> Result<Message, SessionError> {
        link.work.fulls += 1;
        if !theirs.iter().all(|element| prefix.contains(*element)) {
            return Err(Misbehaviour::OutsidePrefix.into());
        }
        if self.ledger.is_full() {
            return Ok(self.nothing());
        }
        let lacking = self.ledger.give(without(self.tree.elements(prefix), &theirs));
        self.ledger.learn(&self.tree, prefix, theirs);
        Ok(Message::Elements(lacking))
    }

    /// The reply that leaves everything to the next session and ends this one soon.
    fn nothing(&mut self) -> Message {
        self.ledger.cap();
        Message::Elements(Vec::new())
    }

    /// The difference of a node, if the samples tell it and both sets agree with it.
    fn solve(&mut self, prefix: Prefix, size: u32, samples: &Samples) -> Option<Difference> {
        let node = self.tree.node(prefix);
        let difference = i64::from(size).saturating_sub(i64::try_from(node.count).ok()?);
        let found = solve(samples, &node.samples, difference, &mut self.random).ok()?;
        let ours = |element: &Element| self.tree.contains(*element);
        let agrees = found.local_only.iter().all(|element| prefix.contains(*element) && ours(element))
            && found.remote_only.iter().all(|element| prefix.contains(*element) && !ours(element));
        agrees.then_some(found)
    }
}
