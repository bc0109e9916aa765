//! How much memory a stranger makes a session take, counted by the allocator.
#![expect(unsafe_code, reason = "an allocator that counts")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ptree::session::{Follow, Lead, Limits, Session};
use ptree::testing::{FILTERS, OFFER, Random, chosen, tree};
use ptree::wire::{Message, PeerConfig, Status};
use ptree::{Prefix, Tree};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: both calls go to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(at, layout) }
    }
}

const ZERO: Duration = Duration::ZERO;
const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// The most that is allocated while `work` runs, beyond what was.
fn peak(work: impl FnOnce()) -> usize {
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    work();
    PEAK.load(Ordering::Relaxed) - before
}

fn hello() -> Vec<u8> {
    let mut out = Vec::new();
    PeerConfig::ours(FILTERS, 11371).encode(&mut out);
    Status::Passed.encode(&mut out);
    out
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut out);
    out
}

fn lead() -> Lead {
    let mut lead = Lead::new(&OFFER, &Limits::default(), ZERO);
    lead.receive(&hello(), ZERO);
    lead.choose(Ok(chosen(&Tree::new())), ZERO);
    lead
}

fn follow(set: &Tree) -> Follow<impl FnMut() -> u64 + use<>> {
    let mut follow = Follow::new(&OFFER, chosen(set), &Limits::default(), || 0, ZERO);
    follow.receive(&hello(), ZERO);
    follow
}

/// Gives octets again and again until the session ends, and reads nothing.
fn endless(session: &mut impl Session, octets: &[u8]) {
    while !session.is_ended() && session.wants_input() {
        session.receive(octets, ZERO);
    }
}

/// A session takes memory for what it has received, never for what is announced; it forgets what it has
/// dealt with; and what it holds for a peer is bounded.
///
/// One test, for the counters are those of the whole process.
#[test]
fn memory_follows_what_arrives() {
    let mut random = Random::new(1);
    let set = tree(&random.elements(20_000));
    let quiet = peak(|| drop((lead(), follow(&set))));
    assert!(quiet < 16 * KIB, "two sessions: {quiet}");

    let announced = [&0x0100_0000_u32.to_be_bytes()[..], &[2], &[0xff; 1000]].concat();
    let announcing = peak(|| lead().receive(&announced, ZERO)).max(peak(|| follow(&set).receive(&announced, ZERO)));
    assert!(announcing < 16 * KIB, "a frame that is announced: {announcing}");

    let keys = [&0xffff_u32.to_be_bytes()[..], &[10], &[0xff; 100]].concat();
    let greeting = peak(|| Lead::new(&OFFER, &Limits::default(), ZERO).receive(&keys, ZERO));
    assert!(greeting < 4 * KIB, "a configuration that is announced: {greeting}");

    let many: Vec<_> = random.elements(900_000).into_iter().collect();
    let frame = encoded(&Message::Elements(many));
    let mut session = lead();
    let largest = peak(|| frame.chunks(8 * KIB).for_each(|chunk| session.receive(chunk, ZERO)));
    assert!(largest < 72 * MIB, "the largest frame: {largest}");
    let kept = LIVE.load(Ordering::Relaxed);
    let outcome = session.finish();
    assert!(outcome.capped && outcome.learned.len() == Limits::default().learned);
    drop((outcome, frame));
    let released = kept - LIVE.load(Ordering::Relaxed);
    // What the largest message took is given back when the next octets come, at the latest.
    assert!(released < 72 * MIB, "after the largest frame: {released}");

    let request = encoded(&Message::Full { prefix: Prefix::ROOT, elements: Vec::new() });
    let mut session = follow(&set);
    let unflushed = peak(|| endless(&mut session, &request));
    assert!(unflushed < 8 * MIB, "replies that are never flushed: {unflushed}");

    let flushed = [request, encoded(&Message::Flush)].concat();
    let mut session = follow(&set);
    let unread = peak(|| endless(&mut session, &flushed));
    assert!(unread < 4 * MIB, "replies that are never read: {unread}");

    let mut session = follow(&Tree::new());
    let news: Vec<Vec<u8>> =
        (0..300).map(|_| encoded(&Message::Elements(random.elements(1000).into_iter().collect()))).collect();
    let learning = peak(|| news.iter().for_each(|frame| session.receive(frame, ZERO)));
    assert!(learning < 8 * MIB, "elements without an end: {learning}");
    assert_eq!(session.finish().learned.len(), Limits::default().learned);
}
