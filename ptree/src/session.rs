//! One session between two servers, without I/O: octets and times go in, octets come out.
//!
//! Who accepted the connection asks ([`Lead`]); who opened it answers ([`Follow`]).

#[cfg(all(test, feature = "testing"))]
mod atlas;
mod budget;
mod error;
mod follow;
mod handshake;
mod lead;
mod ledger;
mod levels;
mod limits;
mod link;
mod outbox;
mod outcome;
mod replies;
mod walk;

use std::time::Duration;

pub use error::{Budget, Deadline, Misbehaviour, SessionError, Side, Transport};
pub use follow::Follow;
pub use lead::Lead;
pub use limits::Limits;
use link::Linked;
pub use outcome::{Chosen, Offer, Outcome, Work};

/// What moves octets needs to know of either role.
///
/// `now` is the time since any one moment, the same for all calls, and never goes back.
pub trait Session: Linked {
    /// Takes octets that arrived. After the end they are thrown away.
    fn receive(&mut self, octets: &[u8], now: Duration);

    /// The peer will send no more octets.
    fn closed(&mut self, now: Duration);

    /// The connection failed.
    fn failed(&mut self, error: std::io::ErrorKind, now: Duration) {
        self.link_mut().broke(error, now);
    }

    /// Ends the session if its deadline has passed, or goes on with output that had to wait.
    fn expire(&mut self, now: Duration) {
        self.link_mut().expire(now);
    }

    /// When to call [`expire`](Self::expire) at the latest.
    fn deadline(&self) -> Duration {
        self.link().deadline()
    }

    /// What to write next, in one piece if the connection takes it: whole messages, whose rest stays
    /// here while part of it is written. Empty if there is nothing to write, or not yet.
    fn output(&self) -> &[u8] {
        self.link().outbox.output()
    }

    /// So many octets of the output were written.
    fn sent(&mut self, octets: usize, now: Duration) {
        self.link_mut().sent(octets, now);
    }

    /// Whether to read on: not while the peer does not read its replies.
    fn wants_input(&self) -> bool;

    /// Whether the session has ended, except for the output that is left.
    fn is_ended(&self) -> bool {
        self.link().is_ended()
    }

    /// What the session leaves; of one that has not ended, a connection that was closed early.
    fn finish(self) -> Outcome
    where
        Self: Sized;
}
