//! The handshake: each side says who it is, and whether the other one fits.

use std::collections::BTreeSet;
use std::time::Duration;

use super::link::Link;
use super::{Misbehaviour, SessionError, Side, Transport};
use crate::wire::hello::Pairs;
use crate::wire::{Kind, PeerConfig, Status, Text, WireError};

/// One side of the handshake.
#[derive(Debug)]
pub(super) struct Handshake {
    state: State,
    http_port: u16,
    peer: Option<PeerConfig>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The peer's configuration comes next.
    Config,
    /// This side has to decide.
    Choice,
    /// The peer's decision comes next.
    Status,
    /// The reason of its refusal comes next.
    Reason,
}

/// How far the handshake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It waits for octets.
    Waiting,
    /// It waits for this side's decision.
    Choice,
    /// Both sides agree.
    Passed,
}

/// The oldest version of the protocol with which servers can talk.
const OLDEST: [u32; 3] = [0, 1, 5];

impl Handshake {
    pub(super) fn new(http_port: u16) -> Self {
        Self { state: State::Config, http_port, peer: None }
    }

    /// What the peer says of itself, if it has been read.
    pub(super) fn peer(&self) -> Option<&PeerConfig> {
        self.peer.as_ref()
    }

    pub(super) fn into_peer(self) -> Option<PeerConfig> {
        self.peer
    }

    /// Whether this side has to decide.
    pub(super) fn choice(&self) -> Option<&PeerConfig> {
        self.peer.as_ref().filter(|_| self.state == State::Choice)
    }

    /// Tells the peer who this is.
    pub(super) fn introduce(&self, link: &mut Link, filters: &str, now: Duration) {
        let ours = PeerConfig::ours(filters, self.http_port);
        link.write(now, |outbox| outbox.push(|out| ours.encode(out)));
        link.work.frames_out += 1;
    }

    /// Reads on, as far as octets have come.
    pub(super) fn step(&mut self, link: &mut Link, now: Duration) -> Result<Progress, SessionError> {
        match self.state {
            State::Config => self.config(link, now),
            State::Choice => Ok(Progress::Choice),
            State::Status => self.status(link),
            State::Reason => match link.inbox.reason()? {
                None => Ok(Progress::Waiting),
                Some(reason) => Err(refused(Text::of_octets(reason))),
            },
        }
    }

    /// Agrees to the session.
    pub(super) fn pass(&mut self, link: &mut Link, now: Duration) {
        link.write(now, |outbox| outbox.push(|out| Status::Passed.encode(out)));
        self.state = State::Status;
    }

    /// Refuses the session.
    pub(super) fn refuse(&self, link: &mut Link, reason: &str, now: Duration) -> SessionError {
        let reason = Text::new(reason);
        let status = Status::Failed(reason.clone());
        link.write(now, |outbox| outbox.push(|out| status.encode(out)));
        SessionError::Incompatible { by: Side::Ours, reason }
    }

    /// What the end of the connection means here.
    pub(super) fn closed(&self, link: &Link) -> SessionError {
        if self.state == State::Reason {
            return refused(Text::new("no reason given"));
        }
        let silent = self.peer.is_none() && link.work.octets_in == 0;
        if silent { Transport::Silent.into() } else { Transport::Handshake.into() }
    }

    fn config(&mut self, link: &mut Link, now: Duration) -> Result<Progress, SessionError> {
        let Some(frame) = link.frame(link.limits.hello_octets, now)? else { return Ok(Progress::Waiting) };
        let (kind, body) = frame.split_first().ok_or(WireError::EmptyFrame)?;
        let kind = Kind::from_number(*kind)?;
        if kind != Kind::Config {
            return Err(Misbehaviour::NoConfig(kind.name()).into());
        }
        let config = Pairs::decode(body)?.config().and_then(|config| match unfit(&config) {
            Some(reason) => Err(reason),
            None => Ok(config),
        });
        match config {
            Ok(config) => {
                self.peer = Some(config);
                self.state = State::Choice;
                Ok(Progress::Choice)
            }
            Err(reason) => {
                if link.work.frames_out == 0 {
                    self.introduce(link, "", now);
                }
                Err(self.refuse(link, &reason, now))
            }
        }
    }

    fn status(&mut self, link: &mut Link) -> Result<Progress, SessionError> {
        match link.inbox.status()? {
            None => Ok(Progress::Waiting),
            Some(Status::PASSED) => Ok(Progress::Passed),
            Some(Status::FAILED) => {
                self.state = State::Reason;
                match link.inbox.reason()? {
                    None => Ok(Progress::Waiting),
                    Some(reason) => Err(refused(Text::of_octets(reason))),
                }
            }
            Some(word) => Err(refused(Text::of_octets(word))),
        }
    }
}

/// Whether two lists of filters name the same, in whatever order.
pub(super) fn same_filters(one: &str, other: &str) -> bool {
    let names = |filters: &str| filters.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let [one, other]: [BTreeSet<String>; 2] = [names(one), names(other)];
    one == other
}

/// Why no server of this crate can talk to such a peer.
fn unfit(peer: &PeerConfig) -> Option<String> {
    let ours = PeerConfig::ours("", 0);
    let version = peer.version.as_str();
    if version_numbers(version).is_none_or(|numbers| numbers < OLDEST) {
        return Some(format!("version {version} is none from 0.1.5 on"));
    }
    if peer.bitquantum != ours.bitquantum {
        return Some(format!("bitquantum is {} here, not {}", ours.bitquantum, peer.bitquantum));
    }
    (peer.mbar != ours.mbar).then(|| format!("mbar is {} here, not {}", ours.mbar, peer.mbar))
}

fn version_numbers(version: &str) -> Option<[u32; 3]> {
    let numbers: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    numbers?.try_into().ok()
}

fn refused(reason: Text) -> SessionError {
    SessionError::Incompatible { by: Side::Peer, reason }
}
