//! Deadlines, counted from what happened last.

use std::time::Duration;

use super::{Deadline, Limits};

/// What the session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// The end of the handshake.
    Handshake,
    /// A reply to a request.
    Reply,
    /// Any message.
    Message,
}

/// When what happened.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) awaited: Awaited,
    started: Duration,
    /// The first complete message.
    first: Option<Duration>,
    /// The last complete message, or the last many octets of a long one.
    heard: Duration,
    /// The last octets written, or the first that wait for it.
    wrote: Duration,
    octets: u64,
}

/// Octets of a long message that count as a sign of life.
const PROGRESS: u64 = 16 << 10;
/// A peer that looks for a message for 1 ms at a time has stopped looking, and waits for one.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
/// Few round trips take longer, and peers do not wait for replies for ever.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

impl Clock {
    pub(super) fn new(now: Duration) -> Self {
        Self { awaited: Awaited::Handshake, started: now, first: None, heard: now, wrote: now, octets: 0 }
    }

    /// A message came or a question left.
    pub(super) fn progress(&mut self, now: Duration) {
        self.first.get_or_insert(now);
        self.heard = now;
        self.octets = 0;
    }

    /// Octets came.
    pub(super) fn octets(&mut self, count: usize, now: Duration) {
        self.octets = self.octets.saturating_add(count as u64);
        if self.octets >= PROGRESS {
            self.progress(now);
        }
    }

    /// Octets left, or there were none that could.
    pub(super) fn wrote(&mut self, now: Duration) {
        self.wrote = now;
    }

    /// How long the connection has to be quiet for what was written to have arrived: the peer's first message took
    /// a round trip at least.
    pub(super) fn pause(&self) -> Duration {
        let first = self.first.unwrap_or(self.started).saturating_sub(self.started);
        first.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    }

    /// How long the session has taken.
    pub(super) fn elapsed(&self, now: Duration) -> Duration {
        now.saturating_sub(self.started)
    }

    /// What must happen next, and when at the latest.
    pub(super) fn next(&self, limits: &Limits, is_writing: bool) -> (Duration, Deadline) {
        let session = (self.started + limits.session, Deadline::Session);
        let awaited = match self.awaited {
            Awaited::Handshake => (self.started + limits.handshake, Deadline::Handshake),
            Awaited::Reply => (self.heard.max(self.wrote) + limits.reply, Deadline::Reply),
            Awaited::Message => (self.heard.max(self.wrote) + limits.idle, Deadline::Idle),
        };
        let writing = (self.wrote + limits.idle, Deadline::Writing);
        let awaited = if is_writing && self.awaited != Awaited::Handshake { writing } else { awaited };
        if awaited.0 < session.0 { awaited } else { session }
    }
}
