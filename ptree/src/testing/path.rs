//! A connection on virtual time, with faults.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::time::Duration;

use crate::session::{Lead, Session};

/// What a connection does to the octets on it.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// From one side to the other.
    pub latency: Duration,
    /// Octets that arrive at once at most.
    pub fragment: usize,
    /// Time that each fragment takes after the one before.
    pub drip: Duration,
    /// After so many octets in both directions the connection is lost.
    pub lost_after: Option<u64>,
}

impl Default for Path {
    fn default() -> Self {
        Self { latency: Duration::ZERO, fragment: usize::MAX, drip: Duration::ZERO, lost_after: None }
    }
}

/// Octets on their way to one side.
#[derive(Debug, Default)]
struct Lane {
    /// When they arrive; an empty piece is the end.
    pieces: VecDeque<(Duration, Vec<u8>)>,
    /// How much of the first piece has arrived.
    arrived: usize,
    /// When the last piece has arrived.
    busy_until: Duration,
    closed: bool,
}

/// Events after which something surely never ends.
const EVENTS: u64 = 200_000_000;

/// Runs two sessions against each other until both have ended; answers the virtual time.
///
/// `react` is called after every arrival at the side that accepts.
pub fn connect(
    lead: &mut Lead,
    react: impl FnMut(&mut Lead, Duration),
    follow: &mut dyn Session,
    path: &Path,
) -> Duration {
    let mut react = react;
    let (mut to_lead, mut to_follow) = (Lane::default(), Lane::default());
    let (mut now, mut passed) = (Duration::ZERO, 0);
    for _ in 0..EVENTS {
        to_follow.load(lead, now, path);
        to_lead.load(follow, now, path);
        if is_over(lead) && is_over(follow) {
            return now;
        }
        let times = [to_lead.next(lead), to_follow.next(follow), deadline(lead), deadline(follow)];
        let Some(next) = times.into_iter().flatten().min() else { panic!("two sessions wait for each other") };
        now = now.max(next);
        let room = path.lost_after.map(|limit| limit.saturating_sub(passed));
        if room == Some(0) {
            lead.failed(ErrorKind::ConnectionReset, now);
            follow.failed(ErrorKind::ConnectionReset, now);
            continue;
        }
        let room = room.map_or(path.fragment, |room| path.fragment.min(usize::try_from(room).unwrap_or(usize::MAX)));
        passed += to_lead.deliver(lead, now, room, path.drip);
        react(lead, now);
        let room = if path.lost_after.is_some_and(|limit| limit <= passed) { 0 } else { room };
        passed += to_follow.deliver(follow, now, room, path.drip);
        lead.expire(now);
        follow.expire(now);
    }
    panic!("a session that never ends");
}

fn is_over(session: &dyn Session) -> bool {
    session.is_ended() && session.output().is_empty()
}

fn deadline(session: &dyn Session) -> Option<Duration> {
    (!is_over(session)).then(|| session.deadline())
}

impl Lane {
    /// Takes what a side writes.
    fn load(&mut self, from: &mut dyn Session, now: Duration, path: &Path) {
        let arrival = self.busy_until.max(now + path.latency);
        while !from.output().is_empty() {
            let piece = from.output().to_vec();
            from.sent(piece.len(), now);
            self.pieces.push_back((arrival, piece));
        }
        if from.is_ended() && !self.closed {
            self.closed = true;
            self.pieces.push_back((arrival, Vec::new()));
        }
    }

    /// When something arrives next, if the side wants it.
    fn next(&self, to: &dyn Session) -> Option<Duration> {
        self.pieces.front().map(|(at, _)| *at).filter(|_| to.wants_input())
    }

    /// Delivers one fragment if one is due: how many octets.
    fn deliver(&mut self, to: &mut dyn Session, now: Duration, room: usize, drip: Duration) -> u64 {
        if room == 0 || self.next(to).is_none_or(|at| at > now) {
            return 0;
        }
        let Some((at, piece)) = self.pieces.front_mut() else { return 0 };
        let rest = piece.get(self.arrived..).unwrap_or_default();
        let fragment = rest.get(..room.min(rest.len())).unwrap_or_default();
        if fragment.is_empty() {
            to.closed(now);
        } else {
            to.receive(fragment, now);
        }
        let count = fragment.len();
        self.arrived += count;
        *at = now + drip;
        self.busy_until = *at;
        if self.arrived >= piece.len() {
            self.pieces.pop_front();
            self.arrived = 0;
            if let Some((at, _)) = self.pieces.front_mut() {
                *at = (*at).max(self.busy_until);
            }
        }
        count as u64
    }
}
