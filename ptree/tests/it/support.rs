//! Vectors as values, and a peer that is written by hand.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use ptree::session::{Chosen, Follow, Lead, Limits, Outcome, Session};
use ptree::testing::{FILTERS, OFFER, chosen, tree};
use ptree::wire::{Message, PeerConfig, Status};
use ptree::{Element, Prefix, Samples};
use serde_json::Value;

pub type Set = BTreeSet<Element>;

/// A file of vectors.
pub fn vectors(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

pub fn octets(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2));
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The element in 16 or 17 octets of hex.
pub fn element(hex: &str) -> Element {
    let octets = octets(hex);
    let (digest, rest) = octets.split_first_chunk().unwrap();
    assert!(rest.iter().all(|octet| *octet == 0));
    Element::new(*digest).unwrap()
}

pub fn elements(list: &Value) -> Set {
    list.as_array().unwrap().iter().map(|hex| element(hex.as_str().unwrap())).collect()
}

/// The prefix written as a string of bits.
pub fn prefix(bits: &str) -> Prefix {
    let mut octets = vec![0; bits.len().div_ceil(8)];
    for (at, _) in bits.chars().enumerate().filter(|(_, bit)| *bit == '1') {
        octets[at / 8] |= 0x80 >> (at % 8);
    }
    Prefix::from_octets(u32::try_from(bits.len()).unwrap(), &octets).unwrap()
}

/// Those of a set with a prefix.
pub fn below(set: &Set, prefix: Prefix) -> Set {
    set.iter().copied().filter(|element| prefix.contains(*element)).collect()
}

pub fn encoded(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut out);
    out
}

/// The handshake of an agreeable peer.
pub fn handshake() -> Vec<u8> {
    let mut out = Vec::new();
    PeerConfig::ours(FILTERS, 11371).encode(&mut out);
    Status::Passed.encode(&mut out);
    out
}

/// Splits what a session wrote into the messages after its handshake; none if it refused.
pub fn messages(written: &[u8]) -> Vec<Message> {
    let (length, rest) = written.split_first_chunk().unwrap();
    let (config, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
    assert_eq!(config[0], 10);
    let mut passed = Vec::new();
    Status::Passed.encode(&mut passed);
    rest.strip_prefix(&passed[..]).map(frames).unwrap_or_default()
}

/// Splits octets into messages.
pub fn frames(octets: &[u8]) -> Vec<Message> {
    let (mut rest, mut messages) = (octets, Vec::new());
    while let Some((length, after)) = rest.split_first_chunk() {
        let (frame, after) = after.split_at(u32::from_be_bytes(*length) as usize);
        messages.push(Message::decode(frame).unwrap());
        rest = after;
    }
    assert!(rest.is_empty(), "half a message");
    messages
}

/// Takes everything that a session wants to write.
pub fn drain(session: &mut impl Session, now: Duration) -> Vec<u8> {
    let mut written = Vec::new();
    while !session.output().is_empty() {
        written.extend_from_slice(session.output());
        session.sent(session.output().len(), now);
    }
    written
}

/// A side that asks, with `set`, after its handshake; and what it wrote.
pub fn lead(set: &Set, limits: &Limits) -> (Lead, Vec<u8>) {
    let mut lead = Lead::new(&OFFER, limits, Duration::ZERO);
    lead.receive(&handshake(), Duration::ZERO);
    lead.choose(Ok(chosen(&tree(set))), Duration::ZERO);
    let written = drain(&mut lead, Duration::ZERO);
    (lead, written)
}

/// A side that answers, with `set`, after its handshake; and what it wrote.
pub fn follow(set: &Set, limits: &Limits) -> (Follow<impl FnMut() -> u64 + use<>>, Vec<u8>) {
    let chosen = Chosen { filters: FILTERS.to_owned(), tree: tree(set) };
    let mut random = ptree::testing::Random::new(7);
    let mut follow = Follow::new(&OFFER, chosen, limits, move || random.number(), Duration::ZERO);
    follow.receive(&handshake(), Duration::ZERO);
    let written = drain(&mut follow, Duration::ZERO);
    (follow, written)
}

/// The question about a node by samples, as a set asks it.
pub fn poly(set: &Set, prefix: Prefix) -> Message {
    let part = below(set, prefix);
    let size = u32::try_from(part.len()).unwrap();
    Message::Poly { prefix, size, samples: Samples::of(part) }
}

/// The question about a node by its elements, as a set asks it.
pub fn full(set: &Set, prefix: Prefix) -> Message {
    Message::Full { prefix, elements: below(set, prefix).into_iter().collect() }
}

/// Ends a session whose peer has closed the connection.
pub fn close(mut session: impl Session) -> Outcome {
    session.closed(Duration::ZERO);
    session.finish()
}
