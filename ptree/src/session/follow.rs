//! The side that opened the connection: it answers.

use std::fmt;
use std::time::Duration;

use super::budget::Awaited;
use super::handshake::{Handshake, Progress, same_filters};
use super::ledger::Ledger;
use super::link::{Link, Linked};
use super::outbox::Outbox;
use super::replies::Replies;
use super::{Budget, Chosen, Limits, Misbehaviour, Offer, Outcome, Session, SessionError, Transport};
use crate::wire::Message;

/// The session of the side that opened the connection.
pub struct Follow<R> {
    link: Link,
    handshake: Handshake,
    filters: String,
    replies: Replies<R>,
    /// Replies that wait for a `Flush`.
    held: Outbox,
    held_count: usize,
    /// Whether the handshake is over.
    answering: bool,
}

/// Octets that may wait for being written while requests are read.
const BACKLOG: usize = 256 << 10;

impl<R: FnMut() -> u64> Follow<R> {
    /// A session on a connection that was opened just now. `random` gives any numbers.
    pub fn new(offer: &Offer, chosen: Chosen, limits: &Limits, random: R, now: Duration) -> Self {
        let mut link = Link::new(limits, now);
        let handshake = Handshake::new(offer.http_port);
        handshake.introduce(&mut link, &chosen.filters, now);
        let replies = Replies::new(chosen.tree, Ledger::new(limits), random);
        let (held, held_count) = (Outbox::default(), 0);
        Self { link, handshake, filters: chosen.filters, replies, held, held_count, answering: false }
    }

    fn step(&mut self, now: Duration) -> Result<(), SessionError> {
        while !self.answering {
            match self.handshake.step(&mut self.link, now)? {
                Progress::Waiting => return Ok(()),
                Progress::Choice => self.choose(now)?,
                Progress::Passed => {
                    self.answering = true;
                    self.link.clock.awaited = Awaited::Message;
                }
            }
        }
        while !self.link.is_ended()
            && let Some(message) = self.link.message(now)?
        {
            self.take(message, now)?;
        }
        Ok(())
    }

    fn choose(&mut self, now: Duration) -> Result<(), SessionError> {
        let theirs = self.handshake.peer().map(|peer| peer.filters.as_str()).unwrap_or_default();
        if !same_filters(&self.filters, theirs) {
            let reason = format!("filters differ: {} here, {theirs} there", self.filters);
            return Err(self.handshake.refuse(&mut self.link, &reason, now));
        }
        self.handshake.pass(&mut self.link, now);
        Ok(())
    }

    fn take(&mut self, message: Message, now: Duration) -> Result<(), SessionError> {
        let kind = message.kind();
        match message {
            Message::Poly { prefix, size, samples } => {
                let reply = self.replies.poly(&mut self.link, prefix, size, &samples)?;
                self.hold(&reply)?;
            }
            Message::Full { prefix, elements } => {
                let reply = self.replies.full(&mut self.link, prefix, elements)?;
                self.hold(&reply)?;
            }
            Message::Elements(elements) => {
                self.replies.ledger.learn(&self.replies.tree, crate::Prefix::ROOT, elements);
            }
            Message::Flush => self.flush(now),
            Message::Done => self.link.complete(now),
            Message::Error(text) => return Err(SessionError::Rejected(text)),
            Message::FullElements(_) | Message::SyncFail | Message::DbRqst(_) | Message::DbRepl(_) => {
                return Err(Misbehaviour::Role(kind.name()).into());
            }
        }
        Ok(())
    }

    fn hold(&mut self, reply: &Message) -> Result<(), SessionError> {
        self.held_count += 1;
        if self.held_count > self.link.limits.unflushed {
            return Err(Budget::Unflushed.into());
        }
        self.held.message(reply);
        self.link.work.frames_out += 1;
        Ok(())
    }

    fn flush(&mut self, now: Duration) {
        let held = &mut self.held;
        self.link.write(now, |outbox| outbox.append(held));
        self.link.work.rounds += 1;
        self.held_count = 0;
    }
}

impl<R> Linked for Follow<R> {
    fn link(&self) -> &Link {
        &self.link
    }

    fn link_mut(&mut self) -> &mut Link {
        &mut self.link
    }
}

impl<R: FnMut() -> u64> Session for Follow<R> {
    fn receive(&mut self, octets: &[u8], now: Duration) {
        if self.link.is_ended() {
            return;
        }
        let taken = self.link.arrived(octets, now).and_then(|()| self.step(now));
        if let Err(error) = taken {
            self.link.fail(error, self.answering, now);
        }
    }

    fn closed(&mut self, now: Duration) {
        let error = if self.answering { Transport::Early.into() } else { self.handshake.closed(&self.link) };
        self.link.fail(error, false, now);
    }

    fn wants_input(&self) -> bool {
        self.link.is_ended() || self.link.outbox.octets() < BACKLOG
    }

    fn finish(self) -> Outcome {
        let (result, work) = self.link.finish();
        Outcome::of(self.handshake.into_peer(), Some(self.replies.ledger), result, work)
    }
}

impl<R> fmt::Debug for Follow<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow").field("link", &self.link).finish_non_exhaustive()
    }
}
