//! The side that asks: which nodes are asked about, and what becomes of the replies.

use std::collections::VecDeque;
use std::time::Duration;

use super::budget::Awaited;
use super::ledger::{Ledger, without};
use super::levels::{Advice, Levels};
use super::link::Link;
use super::{Misbehaviour, SessionError};
use crate::wire::limits::SIZE;
use crate::wire::{Kind, Message};
use crate::{Element, Prefix, Tree};

/// A walk over the tree, from the root down to where the sets differ.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) tree: Tree,
    pub(super) ledger: Ledger,
    /// Nodes to ask about, nearer ones first.
    queue: VecDeque<Prefix>,
    /// Nodes asked about, in the order in which replies come.
    asked: VecDeque<Asked>,
    levels: Levels,
    /// Whether elements were sent that no `Flush` has followed.
    owes_flush: bool,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    prefix: Prefix,
    /// Whether all elements were sent.
    full: bool,
}

/// Requests without a reply: known peers hold as many replies.
const WINDOW: usize = 128;
/// The window is filled again when no more than this is left of it.
const REFILL: usize = WINDOW / 2;
/// Nodes of no more elements are sent whole: that takes no more octets than samples do.
const FULL: usize = 5;
/// Prefixes shorter than this are asked about by samples whatever they hold: a much larger peer could
/// have more elements there than a frame holds.
const FULL_BITS: u32 = 4;
/// Nodes of fewer elements are not skipped: SKS ends the session at a question about a node that its tree does not
/// have, and one that says of nodes of this depth that they have too many differences has as many elements there.
const SKIPPED: usize = 150;

impl Walk {
    pub(super) fn new(tree: Tree, ledger: Ledger) -> Self {
        let (queue, asked) = (VecDeque::from([Prefix::ROOT]), VecDeque::new());
        Self { tree, ledger, queue, asked, levels: Levels::default(), owes_flush: false }
    }

    /// Takes the next reply.
    pub(super) fn reply(&mut self, link: &mut Link, message: Message, now: Duration) -> Result<(), SessionError> {
        let kind = message.kind();
        match message {
            Message::Elements(elements) => {
                let asked = self.pop(kind)?;
                if !asked.full {
                    self.levels.answered(asked.prefix, false);
                }
                self.ledger.learn(&self.tree, asked.prefix, elements);
            }
            Message::FullElements(elements) => {
                let asked = self.pop_poly(kind)?;
                self.levels.answered(asked.prefix, false);
                link.work.full_elements += 1;
                self.compare(link, asked.prefix, elements, now);
            }
            Message::SyncFail => {
                let asked = self.pop_poly(kind)?;
                self.levels.answered(asked.prefix, true);
                link.work.sync_fails += 1;
                let children = asked.prefix.children().ok_or(Misbehaviour::WrongReply(kind.name()))?;
                self.queue.extend(children);
            }
            Message::Error(text) => return Err(SessionError::Rejected(text)),
            Message::Poly { .. }
            | Message::Full { .. }
            | Message::Done
            | Message::Flush
            | Message::DbRqst(_)
            | Message::DbRepl(_) => return Err(Misbehaviour::Role(kind.name()).into()),
        }
        Ok(())
    }

    /// Asks on, or ends the session where nothing is left to ask.
    pub(super) fn advance(&mut self, link: &mut Link, now: Duration) {
        let exhausted = link.work.polynomials + link.work.fulls >= link.limits.requests;
        if !self.queue.is_empty() && (self.ledger.is_full() || exhausted) {
            self.ledger.cap();
            self.queue.clear();
        }
        if self.asked.len() <= REFILL && !self.queue.is_empty() {
            self.fill(link, now);
        }
        if self.asked.is_empty() && !link.is_ended() {
            if self.owes_flush {
                self.flush(link, now);
            }
            link.send(&Message::Done, now);
            link.complete(now);
        }
    }

    fn fill(&mut self, link: &mut Link, now: Duration) {
        let before = self.asked.len();
        while self.asked.len() < WINDOW
            && let Some(prefix) = self.next()
        {
            let full = self.ask(link, prefix, now);
            self.asked.push_back(Asked { prefix, full });
        }
        if self.asked.len() > before {
            self.flush(link, now);
            link.clock.awaited = Awaited::Reply;
            link.clock.progress(now);
        }
    }

    /// The next node to ask about; `None` where replies have to come first, too.
    fn next(&mut self) -> Option<Prefix> {
        while let Some(prefix) = self.queue.pop_front() {
            match self.advice(prefix) {
                Advice::Ask => return Some(prefix),
                Advice::Skip => self.queue.extend(prefix.children().into_iter().flatten()),
                Advice::Wait => {
                    self.queue.push_front(prefix);
                    return None;
                }
            }
        }
        None
    }

    fn advice(&self, prefix: Prefix) -> Advice {
        let may_be_skipped = self.tree.count(prefix) >= SKIPPED && prefix.children().is_some();
        if may_be_skipped { self.levels.advice(prefix) } else { Advice::Ask }
    }

    fn ask(&mut self, link: &mut Link, prefix: Prefix, now: Duration) -> bool {
        let node = self.tree.node(prefix);
        let full = (node.is_leaf || node.count <= FULL) && prefix.length() >= FULL_BITS;
        let message = if full {
            link.work.fulls += 1;
            Message::Full { prefix, elements: self.tree.elements(prefix).collect() }
        } else {
            link.work.polynomials += 1;
            self.levels.asked(prefix);
            // A peer that must have less takes the largest size that it can, and finds no solution.
            let size = u32::try_from(node.count).unwrap_or(SIZE).min(SIZE);
            Message::Poly { prefix, size, samples: node.samples }
        };
        link.send(&message, now);
        full
    }

    fn flush(&mut self, link: &mut Link, now: Duration) {
        link.send(&Message::Flush, now);
        link.work.rounds += 1;
        self.owes_flush = false;
    }

    /// Learns from everything that the peer has under a node, and sends what it lacks there.
    fn compare(&mut self, link: &mut Link, prefix: Prefix, theirs: Vec<Element>, now: Duration) {
        let lacking = self.ledger.give(without(self.tree.elements(prefix), &theirs));
        self.ledger.learn(&self.tree, prefix, theirs);
        link.send(&Message::Elements(lacking), now);
        self.owes_flush = true;
    }

    fn pop(&mut self, kind: Kind) -> Result<Asked, Misbehaviour> {
        self.asked.pop_front().ok_or(Misbehaviour::Unasked(kind.name()))
    }

    fn pop_poly(&mut self, kind: Kind) -> Result<Asked, Misbehaviour> {
        let asked = self.pop(kind)?;
        if asked.full { Err(Misbehaviour::WrongReply(kind.name())) } else { Ok(asked) }
    }
}
