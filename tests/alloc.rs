//! Memory that hostile submissions can cost: a binary of its own, because it counts every allocation.
#![expect(clippy::cast_possible_truncation, reason = "lengths and counters of forged packets are small")]
#![expect(unsafe_code, reason = "an allocator is unsafe by its nature; this one only counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use hockeypuck::cert::{self, Item, Limits};
use hockeypuck::keyring::submit::next_batch;

/// The size of the bodies that are sent.
const BODY_OCTETS: usize = 10 << 20;
/// What one submission may allocate at the same time beyond its body.
const PEAK_LIMIT: usize = 64 << 20;

struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// Tests of this binary run one after the other, or they would count each other's memory.
static ALONE: Mutex<()> = Mutex::new(());

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let in_use = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(in_use, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The whole way of a submission short of the store, twice: as a new certificate, and merged with what it became.
fn submit(body: &Bytes) {
    let Ok(streams) = cert::decode(body) else { return };
    for stream in streams {
        let mut items = cert::read(stream, Limits::default());
        loop {
            let (rest, batch) = next_batch(items);
            items = rest;
            if batch.is_empty() {
                break;
            }
            for item in batch {
                let Item::Certificate(mut incoming) = item else { continue };
                if let Ok(cert::Merged::Changed(record)) = incoming.merge(None) {
                    let _ = incoming.merge(Some(&record.packets));
                }
            }
        }
    }
}

#[track_caller]
fn assert_frugal(name: &str, body: Vec<u8>) {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let body = Bytes::from(body);
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    submit(&body);
    let peak = PEAK.load(Ordering::Relaxed) - before;
    assert!(peak <= PEAK_LIMIT, "{name}: {} KiB at once", peak >> 10);
}

/// As often as it fits into a body.
fn repeated(first: &[u8], then: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let mut out = first.to_vec();
    let mut count = 0;
    while out.len() < BODY_OCTETS {
        out.extend(then(count));
        count += 1;
    }
    out.truncate(BODY_OCTETS);
    out
}

fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    assert!(body.len() < 192, "short packets only");
    [&[0xc0 | tag, body.len() as u8][..], body].concat()
}

/// A version 4 Ed25519 key, whose octets count up with `number`.
fn key(tag: u8, number: usize) -> Vec<u8> {
    let mut body = vec![4, 0, 0, 0, 1, 27];
    body.extend(&(number as u64).to_be_bytes());
    body.resize(38, 7);
    packet(tag, &body)
}

/// The smallest RSA key.
fn tiny_key(tag: u8, number: usize) -> Vec<u8> {
    packet(tag, &[&[4][..], &(number as u32).to_be_bytes(), &[1, 0, 0, 0, 0]].concat())
}

/// The smallest signature that is parsed, of version 3.
fn tiny_signature(number: usize) -> Vec<u8> {
    let issuer = (number as u64).to_be_bytes();
    packet(2, &[&[3, 5, 0x10, 0, 0, 0, 0][..], &issuer, &[1, 8, 0, 0, 0, 0]].concat())
}

fn tiny_user_id(number: usize) -> Vec<u8> {
    packet(13, &[1 + (number % 250) as u8, 1 + (number / 250 % 250) as u8, 1 + (number / 62_500 % 250) as u8])
}

/// Declared lengths are not memory.
#[test]
fn declared_lengths() {
    assert_frugal("a packet of 2^32 - 1 octets", repeated(&[0xc6, 255, 255, 255, 255, 255], |_| vec![4; 100]));
    assert_frugal("old packets of 2^32 - 1 octets", repeated(&key(6, 0), |_| vec![0x8a, 255, 255, 255, 255]));
    let huge_areas = |_| packet(2, &[6, 0x13, 27, 8, 255, 255, 255, 255, 2, 2, 0, 0, 0, 0]);
    assert_frugal("version 6 signatures with areas of 2^32 - 1 octets", repeated(&key(6, 0), huge_areas));
    let huge_subpackets = |_| packet(2, &[4, 0x13, 27, 8, 0, 6, 255, 255, 255, 255, 255, 2]);
    assert_frugal("subpackets of 2^32 - 1 octets", repeated(&key(6, 0), huge_subpackets));
    let huge_numbers = |_| packet(14, &[4, 0, 0, 0, 1, 1, 255, 255, 1, 1]);
    assert_frugal("numbers of 65535 bits", repeated(&key(6, 0), huge_numbers));
    assert_frugal("pieces of 2^30 octets", repeated(&[0xc6], |_| vec![254]));
    assert_frugal("pieces of 1 octet", repeated(&[0xcd], |_| vec![224, 1]));
}

/// Many small things cost more than their octets; how much more has a limit.
#[test]
fn tiny_things() {
    assert_frugal("packets of 2 octets", repeated(&key(6, 0), |_| packet(13, b"")));
    assert_frugal("empty signatures", repeated(&key(6, 0), |_| packet(2, b"")));
    assert_frugal("empty unknown packets", repeated(&key(6, 0), |_| packet(63, b"")));
    assert_frugal("user IDs of 3 octets", repeated(&key(6, 0), tiny_user_id));
    assert_frugal("tiny subkeys", repeated(&key(6, 0), |n| tiny_key(14, n)));
    assert_frugal("tiny signatures", repeated(&key(6, 0), tiny_signature));
    let signed = |n| [tiny_user_id(n), tiny_signature(n)].concat();
    assert_frugal("signed user IDs of 3 octets", repeated(&key(6, 0), signed));
    assert_frugal("signed tiny subkeys", repeated(&key(6, 0), |n| [tiny_key(14, n), tiny_signature(n)].concat()));
    assert_frugal("certificates of one key", repeated(&[], |n| key(6, n)));
    assert_frugal("certificates of one tiny key", repeated(&[], |n| tiny_key(6, n)));
    let full = |n| {
        let components = (0..20_000).flat_map(|m| [tiny_user_id(m), tiny_signature(m)].concat());
        [key(6, n), components.collect()].concat()
    };
    assert_frugal("certificates of half the limit", repeated(&[], full));
    assert_frugal("bare signatures", repeated(&[], tiny_signature));
    assert_frugal("secret keys", repeated(&[], |_| packet(5, &[4])));
}

/// One big thing is not copied over and over.
#[test]
fn big_things() {
    let length = (BODY_OCTETS as u32).to_be_bytes();
    let user_id = [&key(6, 0)[..], &[0xcd, 255], &length].concat();
    assert_frugal("one user ID of 10 MB", repeated(&user_id, |_| vec![b'u'; 1000]));
    assert_frugal("one key of 10 MB", repeated(&[&[0xc6, 255][..], &length].concat(), |_| vec![4; 1000]));
    assert_frugal("one packet to the end", repeated(&[0x9b], |_| vec![4; 1000]));
}

/// Armor is decoded block by block, and text that is not armor is skipped.
#[test]
fn armored() {
    let begin = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n";
    assert_frugal("many empty blocks", repeated(&[], |_| begin.to_vec()));
    assert_frugal("many small blocks", repeated(&[], |_| [&begin[..], b"mQ==\n-----END PGP\n"].concat()));
    assert_frugal("one block", repeated(begin, |_| b"mQENmQENmQENmQENmQENmQENmQENmQENmQENmQENmQENmQEN\n".to_vec()));
    assert_frugal("one line", repeated(begin, |_| b"mQEN".to_vec()));
    assert_frugal("one header", repeated(begin.trim_ascii_end(), |_| b"a:".to_vec()));
    assert_frugal("empty lines", repeated(begin, |_| b"\n".to_vec()));
    assert_frugal("no armor", repeated(b"", |_| b"-----BEGIN".to_vec()));
    let tiny: Vec<u8> = (0..200_000).flat_map(|n| [tiny_user_id(n), tiny_signature(n)].concat()).collect();
    let text = cert::armor::encode::encode(&[], &[[&key(6, 0)[..], &tiny].concat()]);
    assert_frugal("tiny things in armor", repeated(&text, |_| b"\n".to_vec()));
}
