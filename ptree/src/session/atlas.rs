//! Every error that a session can end with, each with a peer that causes it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails by panicking")]

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::time::Duration;

use super::{Budget, Deadline, Follow, Lead, Limits, Misbehaviour, Session, SessionError, Side, Transport};
use crate::testing::{FILTERS, OFFER, Random, chosen};
use crate::wire::{PeerConfig, Status, WireError};
use crate::{PrefixError, Tree};

const ZERO: Duration = Duration::ZERO;

/// What no case of [`describe`] may lack a witness for.
const ATLAS: &str = "
budget.flush | too much: requests without a flush
budget.frame | too much: a frame of 16777217 octets
budget.frames | too much: frames
budget.octets | too much: octets
budget.solves | too much: nodes to solve
incompatible.ours | this server refuses: not you
incompatible.peer | the peer refuses: not you
malformed.count | malformed: 2 elements announced in 17 octets
malformed.duplicate | malformed: an element twice in a message
malformed.empty | malformed: an empty frame
malformed.field | malformed: a number that is not below the prime
malformed.keys | malformed: a configuration of 257 keys
malformed.no_digest | malformed: an element that is no digest
malformed.prefix.excess | malformed: a prefix with bits beyond its length
malformed.prefix.length | malformed: a prefix of 2 bits in 2 octets
malformed.prefix.long | malformed: a prefix of 130 bits, which is longer than any element
malformed.prefix.odd | malformed: a prefix of 3 bits, which is no multiple of two
malformed.samples | malformed: 7 samples
malformed.too_long | malformed: a status of 65 octets
malformed.trailing | malformed: 1 octets after a message
malformed.truncated | malformed: a frame that ends within a prefix
malformed.type | malformed: a message of type 11
malformed.zero | malformed: a sample of 0
misbehaved.config | misbehaved: Flush in place of the configuration
misbehaved.outside | misbehaved: a request with elements outside of its prefix
misbehaved.reply | misbehaved: SyncFail does not answer the request
misbehaved.role | misbehaved: SyncFail is not for the peer's role
misbehaved.unasked | misbehaved: Elements without a request
rejected | the peer rejects a message: no such node
time.handshake | timed out: the handshake
time.idle | timed out: the next message
time.reply | timed out: a reply
time.session | timed out: the session
time.writing | timed out: writing
transport.early | closed before the end
transport.failed | the connection failed: connection reset
transport.handshake | closed during the handshake
transport.silent | closed without a word
";

/// The name of every case. A new one does not compile until it is named here, and fails the test below
/// until it has a witness.
fn describe(error: &SessionError) -> &'static str {
    match error {
        SessionError::Malformed(error) => describe_wire(error),
        SessionError::Incompatible { by: Side::Ours, .. } => "incompatible.ours",
        SessionError::Incompatible { by: Side::Peer, .. } => "incompatible.peer",
        SessionError::Misbehaved(Misbehaviour::NoConfig(_)) => "misbehaved.config",
        SessionError::Misbehaved(Misbehaviour::Role(_)) => "misbehaved.role",
        SessionError::Misbehaved(Misbehaviour::Unasked(_)) => "misbehaved.unasked",
        SessionError::Misbehaved(Misbehaviour::WrongReply(_)) => "misbehaved.reply",
        SessionError::Misbehaved(Misbehaviour::OutsidePrefix) => "misbehaved.outside",
        SessionError::Rejected(_) => "rejected",
        SessionError::Transport(Transport::Silent) => "transport.silent",
        SessionError::Transport(Transport::Handshake) => "transport.handshake",
        SessionError::Transport(Transport::Early) => "transport.early",
        SessionError::Transport(Transport::Failed(_)) => "transport.failed",
        SessionError::TimedOut(Deadline::Handshake) => "time.handshake",
        SessionError::TimedOut(Deadline::Reply) => "time.reply",
        SessionError::TimedOut(Deadline::Idle) => "time.idle",
        SessionError::TimedOut(Deadline::Writing) => "time.writing",
        SessionError::TimedOut(Deadline::Session) => "time.session",
        SessionError::Budget(Budget::Frame(_)) => "budget.frame",
        SessionError::Budget(Budget::Frames) => "budget.frames",
        SessionError::Budget(Budget::Octets) => "budget.octets",
        SessionError::Budget(Budget::Solves) => "budget.solves",
        SessionError::Budget(Budget::Unflushed) => "budget.flush",
    }
}

fn describe_wire(error: &WireError) -> &'static str {
    match error {
        WireError::EmptyFrame => "malformed.empty",
        WireError::UnknownType(_) => "malformed.type",
        WireError::Truncated(_) => "malformed.truncated",
        WireError::Trailing(_) => "malformed.trailing",
        WireError::Count { .. } => "malformed.count",
        WireError::NotInField => "malformed.field",
        WireError::NoDigest => "malformed.no_digest",
        WireError::Duplicate => "malformed.duplicate",
        WireError::SampleCount(_) => "malformed.samples",
        WireError::ZeroSample => "malformed.zero",
        WireError::Prefix(PrefixError::Odd(_)) => "malformed.prefix.odd",
        WireError::Prefix(PrefixError::TooLong(_)) => "malformed.prefix.long",
        WireError::Prefix(PrefixError::Length { .. }) => "malformed.prefix.length",
        WireError::Prefix(PrefixError::Excess) => "malformed.prefix.excess",
        WireError::TooLong { .. } => "malformed.too_long",
        WireError::Keys(_) => "malformed.keys",
    }
}

/// Every error has a peer that causes it, and keeps its words.
#[test]
fn every_error_can_happen() {
    let errors = [wire_errors(), answering_errors(), asking_errors(), handshake_errors(), deadlines()].concat();
    let lines: BTreeSet<String> = errors.iter().map(|error| format!("{} | {error}", describe(error))).collect();
    let atlas: BTreeSet<String> = ATLAS.trim().lines().map(str::to_owned).collect();
    assert_eq!(lines, atlas);
}

fn wire_errors() -> Vec<SessionError> {
    let one = [&[7; 16][..], &[0]].concat();
    let sample = [&[1][..], &[0; 16]].concat();
    let root = [0; 8];
    let poly = |count: u32, sample: &[u8]| {
        let samples = (0..count).flat_map(|_| sample.to_vec()).collect::<Vec<u8>>();
        frame(0, &[&root[..], &[0; 4], &count.to_be_bytes(), &samples].concat())
    };
    let full = |bits: u32, octets: &[u8]| {
        let length = u32::try_from(octets.len()).unwrap().to_be_bytes();
        frame(1, &[&bits.to_be_bytes(), &length, octets, &[0; 4]].concat())
    };
    let elements = |count: u32, octets: &[u8]| frame(2, &[&count.to_be_bytes(), octets].concat());
    [
        vec![0; 4],
        frame(11, &[]),
        frame(1, &[0; 3]),
        frame(6, &[0]),
        elements(2, &one),
        elements(1, &[0xff; 17]),
        elements(1, &[0; 17]),
        elements(2, &[&one[..], &one].concat()),
        poly(7, &sample),
        poly(6, &[0; 17]),
        full(3, &[0x20]),
        full(130, &[0; 17]),
        full(2, &[0x40, 0]),
        full(2, &[0x7f]),
    ]
    .map(|octets| answering(&[hello(), octets].concat(), &Limits::default()))
    .to_vec()
}

fn answering_errors() -> Vec<SessionError> {
    let small = Limits { frames: 3, octets: 1000, solves: 1, unflushed: 2, ..Limits::default() };
    let request = frame(1, &[0; 12]);
    let poly = [&[0; 12][..], &6_u32.to_be_bytes(), &[&[1][..], &[0; 16]].concat().repeat(6)].concat();
    let outside = [&2_u32.to_be_bytes()[..], &1_u32.to_be_bytes(), &[0x40], &1_u32.to_be_bytes(), &[7; 16], &[0]];
    let after = |octets: &[u8], limits: &Limits| answering(&[&hello()[..], octets].concat(), limits);
    vec![
        after(&frame(4, &[]), &small),
        after(&frame(1, &outside.concat()), &small),
        after(&frame(7, &[&12_u32.to_be_bytes()[..], b"no such node"].concat()), &small),
        after(&[1, 0, 0, 1], &small),
        after(&frame(6, &[]).repeat(3), &small),
        after(&[0; 1000], &small),
        after(&frame(0, &poly).repeat(2), &Limits { unflushed: 9, ..small }),
        after(&request.repeat(3), &Limits { frames: 9, ..small }),
        after(&[], &small),
    ]
}

fn asking_errors() -> Vec<SessionError> {
    let few: Tree = Random::new(1).elements(3).into_iter().collect();
    let fail = frame(4, &[]);
    vec![
        // The root, its children and theirs, of which the first is asked about by elements.
        asking(&few, &[hello(), fail.clone(), fail.repeat(4), fail]),
        asking(&few, &[hello(), frame(2, &[0; 4]).repeat(2)]),
    ]
}

fn handshake_errors() -> Vec<SessionError> {
    let keys = frame(10, &257_u32.to_be_bytes());
    let word = [config(), 65_u32.to_be_bytes().to_vec()].concat();
    let mut refusal = config();
    Status::Failed(crate::wire::Text::new("not you")).encode(&mut refusal);
    let limits = Limits::default();
    vec![
        answering(&keys, &limits),
        answering(&word, &limits),
        answering(&frame(6, &[]), &limits),
        answering(&refusal, &limits),
        refusing(),
        answering(&config(), &limits),
        answering(&[], &limits),
        reset(),
    ]
}

fn deadlines() -> Vec<SessionError> {
    let limits = Limits::default();
    let patient = Limits { reply: limits.session * 2, idle: limits.session * 2, ..limits };
    let mut idle = Follow::new(&OFFER, chosen(&Tree::new()), &limits, || 0, ZERO);
    idle.receive(&hello(), ZERO);
    vec![
        expired(Lead::new(&OFFER, &limits, ZERO), true),
        expired(started(&Tree::new(), &limits, &hello()), true),
        expired(started(&Tree::new(), &limits, &hello()), false),
        expired(started(&Tree::new(), &patient, &hello()), true),
        expired(idle, true),
    ]
}

fn expired(mut session: impl Session, peer_reads: bool) -> SessionError {
    while peer_reads && !session.output().is_empty() {
        session.sent(session.output().len(), ZERO);
    }
    session.expire(session.deadline());
    session.finish().result.unwrap_err()
}

fn reset() -> SessionError {
    let mut lead = Lead::new(&OFFER, &Limits::default(), ZERO);
    lead.failed(ErrorKind::ConnectionReset, ZERO);
    lead.finish().result.unwrap_err()
}

/// How a side that answers ends when it is told `octets` and then the connection closes.
fn answering(octets: &[u8], limits: &Limits) -> SessionError {
    let set: Tree = Random::new(2).elements(400).into_iter().collect();
    let mut follow = Follow::new(&OFFER, chosen(&set), limits, || 0, ZERO);
    if !octets.is_empty() {
        follow.receive(octets, ZERO);
    }
    follow.closed(ZERO);
    follow.finish().result.unwrap_err()
}

/// How a side that asks ends when each of `parts` follows what it asked because of the one before.
fn asking(set: &Tree, parts: &[Vec<u8>]) -> SessionError {
    let mut lead = started(set, &Limits::default(), &parts[0]);
    parts[1..].iter().for_each(|part| lead.receive(part, ZERO));
    lead.finish().result.unwrap_err()
}

fn started(set: &Tree, limits: &Limits, octets: &[u8]) -> Lead {
    let mut lead = Lead::new(&OFFER, limits, ZERO);
    lead.receive(octets, ZERO);
    lead.choose(Ok(chosen(set)), ZERO);
    lead
}

fn refusing() -> SessionError {
    let mut lead = Lead::new(&OFFER, &Limits::default(), ZERO);
    lead.receive(&config(), ZERO);
    lead.choose(Err("not you".to_owned()), ZERO);
    lead.finish().result.unwrap_err()
}

fn config() -> Vec<u8> {
    let mut out = Vec::new();
    PeerConfig::ours(FILTERS, 11371).encode(&mut out);
    out
}

fn hello() -> Vec<u8> {
    let mut out = config();
    Status::Passed.encode(&mut out);
    out
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len() + 1).unwrap().to_be_bytes()[..], &[kind], body].concat()
}
