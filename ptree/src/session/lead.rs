//! The side that accepted the connection: it asks.

use std::time::Duration;

use super::handshake::{Handshake, Progress};
use super::ledger::Ledger;
use super::link::{Link, Linked};
use super::walk::Walk;
use super::{Chosen, Limits, Offer, Outcome, Session, SessionError, Transport};
use crate::wire::PeerConfig;

/// The session of the side that accepted the connection.
///
/// It reads what the peer says of itself before it says anything: ask [`choice`](Self::choice) after
/// every [`receive`](Session::receive), and answer with [`choose`](Self::choose).
#[derive(Debug)]
pub struct Lead {
    link: Link,
    handshake: Handshake,
    walk: Option<Walk>,
    /// Whether the handshake is over.
    walking: bool,
}

impl Lead {
    /// A session on a connection that was opened just now.
    pub fn new(offer: &Offer, limits: &Limits, now: Duration) -> Self {
        Self { link: Link::new(limits, now), handshake: Handshake::new(offer.http_port), walk: None, walking: false }
    }

    /// What the peer says of itself, while the session waits for [`choose`](Self::choose).
    pub fn choice(&self) -> Option<&PeerConfig> {
        self.handshake.choice().filter(|_| !self.link.is_ended())
    }

    /// Answers what to reconcile with this peer, or the sentence with which it is refused.
    /// Without a [`choice`](Self::choice) nothing happens.
    pub fn choose(&mut self, chosen: Result<Chosen, String>, now: Duration) {
        if self.choice().is_none() {
            return;
        }
        match chosen {
            Ok(chosen) => {
                self.handshake.introduce(&mut self.link, &chosen.filters, now);
                self.handshake.pass(&mut self.link, now);
                self.walk = Some(Walk::new(chosen.tree, Ledger::new(&self.link.limits)));
                self.go_on(now);
            }
            Err(reason) => self.refuse("", &reason, now),
        }
    }

    /// Answers that this peer is not served at present, and why. It is told its own filters, so that it
    /// reads on to the reason. Without a [`choice`](Self::choice) nothing happens.
    pub fn turn_away(&mut self, reason: &str, now: Duration) {
        let Some(filters) = self.choice().map(|peer| peer.filters.as_str().to_owned()) else { return };
        self.refuse(&filters, reason, now);
    }

    fn refuse(&mut self, filters: &str, reason: &str, now: Duration) {
        self.handshake.introduce(&mut self.link, filters, now);
        let error = self.handshake.refuse(&mut self.link, reason, now);
        self.link.fail(error, false, now);
    }

    fn go_on(&mut self, now: Duration) {
        if let Err(error) = self.step(now) {
            self.link.fail(error, self.walking, now);
        }
    }

    fn step(&mut self, now: Duration) -> Result<(), SessionError> {
        if !self.walking {
            if self.handshake.step(&mut self.link, now)? != Progress::Passed {
                return Ok(());
            }
            self.walking = true;
        }
        let Some(walk) = &mut self.walk else { return Ok(()) };
        while let Some(message) = self.link.message(now)? {
            walk.reply(&mut self.link, message, now)?;
        }
        walk.advance(&mut self.link, now);
        Ok(())
    }
}

impl Linked for Lead {
    fn link(&self) -> &Link {
        &self.link
    }

    fn link_mut(&mut self) -> &mut Link {
        &mut self.link
    }
}

impl Session for Lead {
    fn receive(&mut self, octets: &[u8], now: Duration) {
        if self.link.is_ended() {
            return;
        }
        match self.link.arrived(octets, now) {
            Ok(()) => self.go_on(now),
            Err(error) => self.link.fail(error, self.walking, now),
        }
    }

    fn closed(&mut self, now: Duration) {
        let error = if self.walking { Transport::Early.into() } else { self.handshake.closed(&self.link) };
        self.link.fail(error, false, now);
    }

    /// Always: what waits for being written is bounded by the window, and the peer may write first.
    fn wants_input(&self) -> bool {
        true
    }

    fn finish(self) -> Outcome {
        let (result, work) = self.link.finish();
        let ledger = self.walk.map(|walk| walk.ledger);
        Outcome::of(self.handshake.into_peer(), ledger, result, work)
    }
}
