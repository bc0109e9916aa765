//! What both roles have: the connection's octets, the limits and the end.

use std::io::ErrorKind;
use std::time::Duration;

use super::budget::Clock;
use super::outbox::Outbox;
use super::{Budget, Limits, Misbehaviour, SessionError, Transport, Work};
use crate::wire::{Inbox, Kind, Message, Text};

/// What has a link: the two roles, and nothing outside of this crate.
pub trait Linked {
    fn link(&self) -> &Link;
    fn link_mut(&mut self) -> &mut Link;
}

/// The connection as a session sees it.
#[derive(Debug)]
pub struct Link {
    pub(super) limits: Limits,
    pub(super) inbox: Inbox,
    pub(super) outbox: Outbox,
    pub(super) clock: Clock,
    pub(super) work: Work,
    /// When the connection has been quiet for long enough to write on.
    quiet: Option<Duration>,
    end: Option<(Result<(), SessionError>, Duration)>,
}

impl Link {
    pub(super) fn new(limits: &Limits, now: Duration) -> Self {
        Self {
            limits: *limits,
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            clock: Clock::new(now),
            work: Work::default(),
            quiet: None,
            end: None,
        }
    }

    /// Takes octets that arrived.
    pub(super) fn arrived(&mut self, octets: &[u8], now: Duration) -> Result<(), SessionError> {
        self.work.octets_in = self.work.octets_in.saturating_add(octets.len() as u64);
        if self.work.octets_in > self.limits.octets {
            return Err(Budget::Octets.into());
        }
        self.clock.octets(octets.len(), now);
        self.inbox.push(octets);
        Ok(())
    }

    /// The contents of the next frame, if it is complete.
    pub(super) fn frame(&mut self, limit: usize, now: Duration) -> Result<Option<&[u8]>, SessionError> {
        match self.inbox.frame(limit) {
            Ok(None) => Ok(None),
            Ok(Some(frame)) => {
                self.work.frames_in += 1;
                if self.work.frames_in > self.limits.frames {
                    return Err(Budget::Frames.into());
                }
                self.clock.progress(now);
                Ok(Some(frame))
            }
            Err(too_long) => Err(Budget::Frame(too_long.0).into()),
        }
    }

    /// The next message, if it is complete.
    pub(super) fn message(&mut self, now: Duration) -> Result<Option<Message>, SessionError> {
        let Some(frame) = self.frame(self.limits.frame_octets, now)? else { return Ok(None) };
        if frame.first() == Some(&(Kind::Config as u8)) {
            return Err(Misbehaviour::Role(Kind::Config.name()).into());
        }
        Ok(Some(Message::decode(frame)?))
    }

    /// Queues a message.
    pub(super) fn send(&mut self, message: &Message, now: Duration) {
        self.write(now, |outbox| outbox.message(message));
        self.work.frames_out += 1;
    }

    /// Queues anything.
    pub(super) fn write(&mut self, now: Duration, queue: impl FnOnce(&mut Outbox)) {
        if self.outbox.octets() == 0 {
            self.clock.wrote(now);
        }
        queue(&mut self.outbox);
        self.calm(now);
    }

    /// Octets were written.
    pub(super) fn sent(&mut self, octets: usize, now: Duration) {
        self.work.octets_out = self.work.octets_out.saturating_add(octets as u64);
        self.outbox.sent(octets);
        self.clock.wrote(now);
        self.calm(now);
    }

    /// Lets the connection be quiet before the next piece, if that has to be.
    fn calm(&mut self, now: Duration) {
        if self.is_ended() {
            self.outbox.release();
        } else if self.outbox.waits() {
            self.quiet.get_or_insert(now + self.clock.pause());
        }
    }

    /// The session is over as it should be.
    pub(super) fn complete(&mut self, now: Duration) {
        self.end.get_or_insert((Ok(()), now));
        self.calm(now);
    }

    /// The session is over; the peer is told why if it can understand it.
    pub(super) fn fail(&mut self, error: SessionError, after_handshake: bool, now: Duration) {
        if self.end.is_some() {
            return;
        }
        match &error {
            SessionError::Malformed(_) | SessionError::Misbehaved(_) | SessionError::Budget(_) if after_handshake => {
                self.outbox.cut();
                self.send(&Message::Error(Text::new(&error.to_string())), now);
            }
            SessionError::Transport(_) | SessionError::TimedOut(_) => {
                self.outbox = Outbox::default();
            }
            SessionError::Malformed(_)
            | SessionError::Misbehaved(_)
            | SessionError::Budget(_)
            | SessionError::Incompatible { .. }
            | SessionError::Rejected(_) => {}
        }
        self.end = Some((Err(error), now));
        self.calm(now);
    }

    /// The connection does not work any more.
    pub(super) fn broke(&mut self, error: ErrorKind, now: Duration) {
        self.fail(Transport::Failed(error).into(), false, now);
        self.outbox = Outbox::default();
    }

    pub(super) fn is_ended(&self) -> bool {
        self.end.is_some()
    }

    /// When something must have happened.
    pub(super) fn deadline(&self) -> Duration {
        match &self.end {
            Some((_, at)) => *at + self.limits.closing,
            None => {
                let (at, _) = self.clock.next(&self.limits, self.outbox.octets() > 0);
                self.quiet.map_or(at, |quiet| quiet.min(at))
            }
        }
    }

    /// Ends what should have ended, and goes on with what should go on.
    pub(super) fn expire(&mut self, now: Duration) {
        if self.quiet.is_some_and(|quiet| quiet <= now) {
            self.quiet = None;
            self.outbox.release();
        }
        if now < self.deadline() {
            return;
        }
        if self.is_ended() {
            self.outbox = Outbox::default();
        } else {
            let (_, deadline) = self.clock.next(&self.limits, self.outbox.octets() > 0);
            self.fail(deadline.into(), false, now);
        }
    }

    /// How it ended and what it cost.
    pub(super) fn finish(self) -> (Result<(), SessionError>, Work) {
        let (result, at) = self.end.unwrap_or_else(|| (Err(Transport::Early.into()), Duration::ZERO));
        (result, Work { duration: self.clock.elapsed(at), ..self.work })
    }
}
