//! A peer that looks for a reply for a millisecond at a time and forgets what it has read of one that is not
//! complete by then, as Hockeypuck does; behind a connection that carries only so much in a round trip.

use std::collections::VecDeque;
use std::time::Duration;

use ptree::Prefix;
use ptree::session::{Follow, Limits, Session};
use ptree::testing::{OFFER, Random, chosen, tree};
use ptree::wire::{Inbox, Message};

use crate::support::{Set, drain, encoded, full, handshake};

const TICK: Duration = Duration::from_micros(50);
/// How long the peer looks.
const LOOK: Duration = Duration::from_millis(1);
/// How long it waits where it has seen nothing.
const PATIENCE: Duration = Duration::from_secs(3);
/// What a connection that was idle carries in a round trip: ten segments.
const WINDOW: usize = 14_600;

/// Octets on their way to the peer. As in TCP's slow start, what was acknowledged widens the window.
struct Wire {
    latency: Duration,
    window: usize,
    unsent: Vec<u8>,
    /// When they were sent; they are left here until the acknowledgement is back.
    flying: VecDeque<(Duration, Vec<u8>)>,
    /// How many of these have arrived.
    arrived: usize,
}

impl Wire {
    fn new(latency: Duration) -> Self {
        Self { latency, window: WINDOW, unsent: Vec::new(), flying: VecDeque::new(), arrived: 0 }
    }

    /// Sends what there is room for, and answers what arrives.
    fn turn(&mut self, now: Duration, octets: &[u8]) -> Vec<u8> {
        while let Some((_, octets)) = self.flying.pop_front_if(|(sent, _)| *sent + 2 * self.latency <= now) {
            self.window += octets.len();
            self.arrived -= 1;
        }
        self.unsent.extend_from_slice(octets);
        let room = self.window - self.flying.iter().map(|(_, octets)| octets.len()).sum::<usize>();
        let flight: Vec<u8> = self.unsent.drain(..room.min(self.unsent.len())).collect();
        if !flight.is_empty() {
            self.flying.push_back((now, flight));
        }
        let mut arriving = Vec::new();
        while let Some((_, octets)) = self.flying.get(self.arrived).filter(|(sent, _)| *sent + self.latency <= now) {
            arriving.extend_from_slice(octets);
            self.arrived += 1;
        }
        arriving
    }
}

/// How many replies of a batch the peer reads until it has lost one. It flushes at 0 on the clock; `write` answers
/// what the other side writes at a time on it.
fn read_batch(latency: Duration, replies: usize, mut write: impl FnMut(Duration) -> Vec<u8>) -> usize {
    let (mut wire, mut inbox, mut unread) = (Wire::new(latency), Inbox::default(), 0);
    let (mut now, mut since, mut is_looking, mut read) = (Duration::ZERO, Duration::ZERO, true, 0);
    while read < replies {
        now += TICK;
        let octets = wire.turn(now, &write(now));
        unread += octets.len();
        inbox.push(&octets);
        while let Some(frame) = inbox.frame(1 << 24).unwrap() {
            unread -= 4 + frame.len();
            read += 1;
            (since, is_looking) = (now, true);
        }
        if is_looking && now >= since + LOOK {
            if unread > 0 {
                break;
            }
            is_looking = false;
        }
        assert!(now < since + PATIENCE, "no reply came");
    }
    read
}

/// How many replies to requests for nodes of which it has nothing the peer reads; and how many it would read if they
/// were written at once.
fn read_replies(set: &Set, prefixes: &[Prefix], latency: Duration) -> [usize; 2] {
    let mut random = Random::new(7);
    let chosen = chosen(&tree(set));
    let mut follow = Follow::new(&OFFER, chosen, &Limits::default(), move || random.number(), Duration::ZERO);
    let start = 2 * latency;
    follow.receive(&handshake(), start);
    drain(&mut follow, start);
    let nothing = Set::new();
    let messages = prefixes.iter().map(|prefix| full(&nothing, *prefix)).chain([Message::Flush]);
    let mut requests: Vec<u8> = messages.flat_map(|message| encoded(&message)).collect();
    let mut batch = Vec::new();
    let paced = read_batch(latency, prefixes.len(), |now| {
        if now >= latency {
            follow.receive(&std::mem::take(&mut requests), start + now);
        }
        follow.expire(start + now);
        let written = drain(&mut follow, start + now);
        batch.extend_from_slice(&written);
        written
    });
    let hasty =
        read_batch(latency, prefixes.len(), |now| if now < latency { Vec::new() } else { std::mem::take(&mut batch) });
    [paced, hasty]
}

/// All nodes so many levels below the root.
fn nodes(depth: u32) -> Vec<Prefix> {
    (0..depth).fold(vec![Prefix::ROOT], |nodes, _| nodes.iter().flat_map(|node| node.children().unwrap()).collect())
}

/// Replies of more octets than the connection carries at once arrive in whole messages, near and far; written at
/// once, one would arrive in parts.
#[test]
fn large_batches_arrive_in_whole_messages() {
    let set = Random::new(91).elements(40_000);
    for latency in [1, 10, 40, 90].map(Duration::from_millis) {
        let [paced, hasty] = read_replies(&set, &nodes(3), latency);
        assert_eq!(paced, 64, "{latency:?}");
        assert!(hasty < 64, "{latency:?}: the peer loses nothing");
    }
}

/// A reply that is larger than what the connection carries at once comes when the peer does not look but waits.
#[test]
fn a_large_message_finds_the_peer_waiting() {
    let set = Random::new(92).elements(15_000);
    for latency in [100, 400, 10_000].map(Duration::from_micros) {
        assert_eq!(read_replies(&set, &[Prefix::ROOT], latency)[0], 1, "{latency:?}");
    }
    assert_eq!(read_replies(&set, &[Prefix::ROOT], Duration::from_micros(400)), [1, 0]);
}

/// What fits is not delayed.
#[test]
fn small_batches_are_not_delayed() {
    let set = Random::new(93).elements(500);
    let mut random = Random::new(7);
    let mut follow =
        Follow::new(&OFFER, chosen(&tree(&set)), &Limits::default(), move || random.number(), Duration::ZERO);
    let now = Duration::from_secs(1);
    follow.receive(&handshake(), now);
    drain(&mut follow, now);
    for prefix in nodes(2) {
        follow.receive(&encoded(&full(&Set::new(), prefix)), now);
    }
    follow.receive(&encoded(&Message::Flush), now);
    assert_eq!(drain(&mut follow, now).len(), 16 * 9 + 500 * 17);
}
