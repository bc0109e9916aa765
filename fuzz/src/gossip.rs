//! What must hold for any octets that a partner in gossip sends.

use std::time::Duration;

use ptree::session::{Chosen, Follow, Lead, Limits, Offer, Session};
use ptree::wire::{Inbox, Message, PeerConfig, Status, hello::Pairs};
use ptree::{Element, Tree};

const FILTERS: &str = "yminsky.dedup,yminsky.merge";
const OFFER: Offer = Offer { http_port: 11371 };

/// Messages that can be read are written so that they read the same; however the octets arrive, they are the same.
pub fn ptree_frames(data: &[u8]) {
    let whole = frames(data, data.len().max(1));
    assert_eq!(frames(data, 1), whole);
    for frame in &whole {
        if let Ok(message) = Message::decode(frame) {
            let mut again = Vec::new();
            message.encode(&mut again);
            assert_eq!(again.get(4..).map(Message::decode), Some(Ok(message)));
        }
        if let Some(Ok(pairs)) = frame.get(1..).map(Pairs::decode)
            && let Ok(config) = pairs.config()
        {
            let mut again = Vec::new();
            config.encode(&mut again);
            let pairs = Pairs::decode(again.get(5..).unwrap_or_default()).expect("what was written is read");
            assert_eq!(pairs.config(), Ok(config));
        }
    }
}

fn frames(data: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let (mut inbox, mut frames) = (Inbox::default(), Vec::new());
    for octets in data.chunks(piece) {
        inbox.push(octets);
        while let Ok(Some(frame)) = inbox.frame(1 << 16) {
            frames.push(frame.to_vec());
        }
    }
    frames
}

/// Whatever a partner sends, and however it arrives: both roles end, keep to their limits and learn only
/// what they lack. The first octet tells how the rest arrives, and whether a handshake comes before it.
pub fn ptree_session(data: &[u8]) {
    let Some((how, rest)) = data.split_first() else { return };
    let piece = usize::from(how >> 1) * 8 + 1;
    let mut octets = if how & 1 == 1 { handshake() } else { Vec::new() };
    octets.extend_from_slice(rest);
    let limits = Limits {
        frames: 200,
        octets: 1 << 20,
        learned: 20,
        given: 200,
        solves: 50,
        unflushed: 30,
        ..Limits::default()
    };
    let tree: Tree = (1..=200_u128).filter_map(element).collect();
    let chosen = Chosen { filters: FILTERS.to_owned(), tree };
    let lead = Lead::new(&OFFER, &limits, Duration::ZERO);
    run(lead, &octets, piece, &chosen, |lead, now| lead.choose(Ok(chosen.clone()), now));
    let mut number = 0_u64;
    let random = || {
        number = number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        number
    };
    let follow = Follow::new(&OFFER, chosen.clone(), &limits, random, Duration::ZERO);
    run(follow, &octets, piece, &chosen, |_, _| ());
}

fn run<S: Session>(
    mut session: S,
    octets: &[u8],
    piece: usize,
    chosen: &Chosen,
    mut react: impl FnMut(&mut S, Duration),
) {
    let mut now = Duration::ZERO;
    for octets in octets.chunks(piece) {
        now += Duration::from_millis(1);
        session.receive(octets, now);
        react(&mut session, now);
        let written = session.output().len();
        session.sent(written, now);
    }
    session.closed(now);
    assert!(session.is_ended(), "the end of the connection is the end");
    let outcome = session.finish();
    assert!(outcome.learned.len() <= 20);
    assert!(outcome.learned.iter().all(|element| !chosen.tree.contains(*element)));
    assert!(outcome.work.solves <= 50 && outcome.work.given <= 200 && outcome.work.frames_in <= 201);
}

fn element(number: u128) -> Option<Element> {
    Element::new(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes())
}

fn handshake() -> Vec<u8> {
    let mut out = Vec::new();
    PeerConfig::ours(FILTERS, 11371).encode(&mut out);
    Status::Passed.encode(&mut out);
    out
}
