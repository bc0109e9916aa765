//! Peers that break the rules: each session ends with the right class of error, within its budget.

use std::time::Duration;

use ptree::session::{Budget, Deadline, Limits, Misbehaviour, Outcome, Session, SessionError};
use ptree::testing::{OFFER, Random, chosen, tree};
use ptree::wire::{Message, Text};
use ptree::{Element, Prefix};

use crate::support::{Set, drain, encoded, follow, frames, full, handshake, lead, poly};

const ZERO: Duration = Duration::ZERO;

fn small() -> Limits {
    Limits { frames: 5000, octets: 1 << 20, learned: 1000, given: 1000, solves: 500, ..Limits::default() }
}

/// Repeats what `next` gives, reading all that is written, until the session ends.
fn endless(mut session: impl Session, mut next: impl FnMut() -> Vec<u8>) -> Outcome {
    let limits = small();
    let mut fed = 0;
    while !session.is_ended() {
        let octets = next();
        fed += octets.len() as u64;
        assert!(fed <= limits.octets + octets.len() as u64, "a session without an end");
        session.receive(&octets, ZERO);
        drain(&mut session, ZERO);
    }
    session.finish()
}

fn set() -> Set {
    Random::new(21).elements(600)
}

/// Messages without an end exhaust a budget, whatever they are.
#[test]
fn endless_messages_exhaust_a_budget() {
    let limits = small();
    let mut random = Random::new(22);
    let own: Vec<Element> = set().into_iter().collect();
    let request = |prefix| encoded(&full(&Set::new(), prefix));
    let flush = encoded(&Message::Flush);
    let outcome = endless(follow(&set(), &limits).0, || flush.clone());
    assert_eq!(outcome.result, Err(Budget::Frames.into()));
    let outcome = endless(follow(&set(), &limits).0, || encoded(&Message::Elements(own.clone())));
    assert_eq!(outcome.result, Err(Budget::Octets.into()));
    let outcome =
        endless(follow(&set(), &limits).0, || encoded(&Message::Elements(random.elements(100).into_iter().collect())));
    assert_eq!(outcome.result, Err(Budget::Octets.into()));
    assert_eq!((outcome.learned.len(), outcome.capped), (limits.learned, true));
    let outcome = endless(follow(&set(), &limits).0, || request(Prefix::ROOT));
    assert_eq!(outcome.result, Err(Budget::Unflushed.into()));
    let outcome = endless(follow(&set(), &limits).0, || [request(Prefix::ROOT), flush.clone()].concat());
    assert_eq!(outcome.result, Err(Budget::Frames.into()));
    assert!(outcome.work.given <= limits.given as u64 && outcome.capped);
}

/// Nodes that no peer of this set could ask about cost a bounded number of solutions.
#[test]
fn endless_samples_exhaust_the_solver() {
    let other = Random::new(23).elements(602);
    let question = [encoded(&poly(&other, Prefix::ROOT)), encoded(&Message::Flush)].concat();
    let outcome = endless(follow(&set(), &small()).0, || question.clone());
    assert_eq!(outcome.result, Err(Budget::Solves.into()));
    assert_eq!((outcome.work.solves, outcome.work.failed_solves), (500, 500));
}

/// A peer that can never answer is asked about every node once, and then no more.
#[test]
fn endless_failures_end() {
    let (mut lead, written) = lead(&set(), &small());
    let mut open = frames_after_handshake(&written);
    let mut asked = 0;
    while !lead.is_ended() {
        let failures = open.iter().filter(|message| !matches!(message, Message::Flush)).count();
        asked += failures;
        let reply = |message: &Message| match message {
            Message::Poly { .. } => encoded(&Message::SyncFail),
            _ => encoded(&Message::Elements(Vec::new())),
        };
        let octets: Vec<u8> = open.iter().filter(|m| !matches!(m, Message::Flush)).flat_map(reply).collect();
        lead.receive(&octets, ZERO);
        open = frames(&drain(&mut lead, ZERO));
    }
    assert_eq!(lead.finish().result, Ok(()));
    assert!(asked < 200, "{asked} nodes for 600 elements");
}

fn frames_after_handshake(written: &[u8]) -> Vec<Message> {
    crate::support::messages(written)
}

/// Messages of the other role, replies that were not asked for and `Error` end the session at once,
/// and the peer of all but `Error` is told.
#[test]
fn messages_of_the_wrong_role_end_the_session() {
    let text = Text::new("no");
    let to_lead = [poly(&set(), Prefix::ROOT), full(&set(), Prefix::ROOT), Message::Done, Message::Flush];
    let to_follow = [Message::SyncFail, Message::FullElements(Vec::new())];
    let to_both = [Message::DbRqst(text.clone()), Message::DbRepl(text.clone())];
    for message in to_lead.iter().chain(&to_both) {
        let (outcome, told) = told(lead(&set(), &small()).0, message);
        assert_eq!(outcome.result, Err(Misbehaviour::Role(message.kind().name()).into()));
        assert!(matches!(told.last(), Some(Message::Error(_))));
    }
    for message in to_follow.iter().chain(&to_both) {
        let (outcome, told) = told(follow(&set(), &small()).0, message);
        assert_eq!(outcome.result, Err(Misbehaviour::Role(message.kind().name()).into()));
        assert!(matches!(told.last(), Some(Message::Error(_))));
    }
    let error = Message::Error(text.clone());
    for (outcome, told) in [told(lead(&set(), &small()).0, &error), told(follow(&set(), &small()).0, &error)] {
        assert_eq!(outcome.result, Err(SessionError::Rejected(text.clone())));
        assert!(told.is_empty());
    }
}

fn told(mut session: impl Session, message: &Message) -> (Outcome, Vec<Message>) {
    session.receive(&encoded(message), ZERO);
    let told = frames(&drain(&mut session, ZERO));
    (session.finish(), told)
}

/// Lengths and counts that lie take no memory and end the session, or wait for what they announce.
#[test]
fn lengths_that_lie_are_refused() {
    let cases: [(&[u8], bool); 6] = [
        (&[0xff; 4], true),
        (&[1, 0, 0, 1], true),
        (&[0, 0, 0, 0], true),
        // Complete frames whose counts exceed them.
        (&[0, 0, 0, 5, 2, 0xff, 0xff, 0xff, 0xff], true),
        (&[0, 0, 0, 13, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], true),
        // As long as a frame may be, and not there yet.
        (&[1, 0, 0, 0, 2], false),
    ];
    for (octets, ends) in cases {
        let (mut one, mut other) = (lead(&set(), &small()).0, follow(&set(), &small()).0);
        one.receive(octets, ZERO);
        other.receive(octets, ZERO);
        assert_eq!((one.is_ended(), other.is_ended()), (ends, ends), "{octets:?}");
        for result in [one.finish().result, other.finish().result].into_iter().filter(|_| ends) {
            assert!(matches!(result, Err(SessionError::Malformed(_) | SessionError::Budget(_))), "{result:?}");
        }
    }
}

/// A peer that says nothing is given up in time, before the handshake and after it.
#[test]
fn silence_ends_in_time() {
    let limits = Limits::default();
    let mut quiet = ptree::session::Lead::new(&OFFER, &limits, ZERO);
    quiet.expire(Duration::from_millis(9_999));
    assert!(!quiet.is_ended());
    quiet.expire(limits.handshake);
    assert_eq!(quiet.finish().result, Err(Deadline::Handshake.into()));
    let (mut asking, _) = lead(&set(), &limits);
    asking.expire(limits.reply);
    assert_eq!(asking.finish().result, Err(Deadline::Reply.into()));
    let (mut answering, _) = follow(&set(), &limits);
    answering.expire(limits.idle);
    assert_eq!(answering.finish().result, Err(Deadline::Idle.into()));
}

/// An octet now and then does not keep a session open: only complete messages count.
#[test]
fn slow_octets_end_in_time() {
    let limits = Limits::default();
    let mut quiet = ptree::session::Lead::new(&OFFER, &limits, ZERO);
    let (mut asking, _) = lead(&set(), &limits);
    let request = encoded(&full(&set(), Prefix::ROOT));
    let (mut answering, _) = follow(&set(), &limits);
    let mut ended = [None; 3];
    for (second, octet) in request.iter().cycle().take(600).enumerate() {
        let now = Duration::from_secs(second as u64);
        quiet.receive(&handshake()[second % 100..=second % 100], now);
        asking.receive(&[*octet], now);
        answering.receive(&[*octet], now);
        quiet.expire(now);
        asking.expire(now);
        answering.expire(now);
        let all = [quiet.is_ended(), asking.is_ended(), answering.is_ended()];
        for (end, is_ended) in ended.iter_mut().zip(all) {
            *end = end.or(is_ended.then_some(second));
        }
    }
    assert_eq!(ended, [Some(10), Some(30), Some(60)]);
}

/// Where both sets have a node, samples that do not fit them teach nothing that contradicts them.
#[test]
fn forged_samples_teach_nothing() {
    let own = set();
    let mut random = Random::new(31);
    for _ in 0..200 {
        let forged = random.elements(3);
        let part: Set = own.iter().copied().take(597).chain(forged.iter().copied()).collect();
        // The samples are those of a set that lacks the size that is claimed.
        let Message::Poly { prefix, size, samples } = poly(&part, Prefix::ROOT) else { unreachable!() };
        let lie = Message::Poly { prefix, size: size + 2, samples };
        let (mut session, _) = follow(&own, &small());
        session.receive(&encoded(&lie), ZERO);
        assert!(session.finish().learned.is_empty());
    }
}

/// A peer that reports more than it was asked about, as some do, teaches only what is below the node.
#[test]
fn superfluous_reports_are_dropped() {
    let own = set();
    let (mut asking, _) = lead(&own, &small());
    asking.receive(&encoded(&Message::SyncFail), ZERO);
    let asked = frames(&drain(&mut asking, ZERO));
    assert!(matches!(asked[0], Message::Poly { prefix, .. } if prefix.to_string() == "00"));
    let news: Vec<Element> = Random::new(33).elements(40).into_iter().collect();
    let report = news.iter().chain(&own).copied().collect::<Set>().into_iter().collect();
    asking.receive(&encoded(&Message::Elements(report)), ZERO);
    let outcome = asking.finish();
    let expected: Vec<Element> = news.into_iter().filter(|element| element.digest()[0] < 0x40).collect();
    assert_eq!(outcome.learned, expected);
    assert_eq!(outcome.work.superfluous, 640 - expected.len() as u64);
}

/// The elements that a side owes because of `FullElements` are sent and flushed before it is done.
#[test]
fn owed_elements_are_flushed() {
    let own = set();
    let (mut asking, _) = lead(&own, &small());
    let theirs: Vec<Element> = own.iter().copied().skip(7).collect();
    asking.receive(&encoded(&Message::FullElements(theirs)), ZERO);
    let lacking: Vec<Element> = own.iter().copied().take(7).collect();
    let written = frames(&drain(&mut asking, ZERO));
    assert_eq!(written, [Message::Elements(lacking), Message::Flush, Message::Done]);
    assert_eq!(asking.finish().result, Ok(()));
}

/// Replies stay back until they are flushed, and then come as one piece that ends where a message ends.
#[test]
fn replies_wait_for_a_flush() {
    let own = set();
    let (mut answering, _) = follow(&own, &small());
    let other: Set = own.iter().copied().skip(2).collect();
    let prefixes: Vec<Prefix> = Prefix::ROOT.children().unwrap().into();
    for prefix in &prefixes {
        answering.receive(&encoded(&full(&other, *prefix)), ZERO);
        assert!(answering.output().is_empty());
    }
    answering.receive(&encoded(&Message::Flush), ZERO);
    assert_eq!(frames(answering.output()).len(), prefixes.len());
    drain(&mut answering, ZERO);
    // A batch that is too large for one piece is cut between messages, and the second piece waits.
    let request = encoded(&full(&Set::new(), prefixes[0]));
    (0..6).for_each(|_| answering.receive(&request, ZERO));
    answering.receive(&encoded(&Message::Flush), ZERO);
    let first = frames(&drain(&mut answering, ZERO)).len();
    let quiet = answering.deadline();
    answering.expire(quiet - Duration::from_nanos(1));
    assert!(answering.output().is_empty());
    answering.expire(quiet);
    let second = frames(&drain(&mut answering, quiet)).len();
    assert_eq!((first > 0, second > 0, first + second), (true, true, 6));
    assert!(quiet < Duration::from_secs(1) && answering.deadline() > Duration::from_secs(1));
}

/// A side that answers stops reading while its peer does not read.
#[test]
fn replies_that_nobody_reads_stop_the_reading() {
    let own = Random::new(40).elements(9000);
    let limits = Limits::default();
    let (mut answering, _) = follow(&own, &limits);
    let request = [encoded(&full(&Set::new(), Prefix::ROOT)), encoded(&Message::Flush)].concat();
    let mut requests = 0;
    while answering.wants_input() {
        answering.receive(&request, ZERO);
        requests += 1;
    }
    assert_eq!(requests, 2);
    answering.expire(limits.idle);
    assert_eq!(answering.finish().result, Err(Deadline::Writing.into()));
}

/// Where a much larger peer asks, a small side lets it ask on rather than be sent everything.
#[test]
fn a_much_larger_peer_is_let_ask_on() {
    let (mut answering, _) = follow(&Set::new(), &Limits::default());
    let large = tree(&Random::new(41).elements(20_001));
    let size = u32::try_from(chosen(&large).tree.len()).unwrap();
    let samples = large.samples();
    for (size, expected) in [(size, Message::SyncFail), (size - 1, Message::FullElements(Vec::new()))] {
        let question = Message::Poly { prefix: Prefix::ROOT, size, samples };
        answering.receive(&[encoded(&question), encoded(&Message::Flush)].concat(), ZERO);
        assert_eq!(frames(&drain(&mut answering, ZERO)), [expected]);
    }
}
