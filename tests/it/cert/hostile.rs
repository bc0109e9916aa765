//! Certificates made to do harm: nothing panics, and work grows no faster than the input.
#![expect(clippy::cast_possible_truncation, reason = "what is forged is small")]

use std::time::Duration;

use bytes::Bytes;
use hockeypuck::cert::{self, Item, Limits, Merged};

use crate::support::certificates::{UNLIMITED, certificates, debian_keyrings, split};
use crate::support::forge::signature::{BACK, CERTIFICATION};
use crate::support::forge::{ALICE, Dice, Forged, SIGNATURE, SUBKEY, Sig, Signer, USER_ID, packet};
use crate::support::processor::processor_time;

/// Mutated certificates; each seed is one.
const MUTATIONS: u64 = 4000;
/// How much longer four times the input may take. Quadratic work takes sixteen times as long.
const GROWTH_LIMIT: u32 = 9;
/// Below this, times say nothing.
const NOISE: Duration = Duration::from_millis(20);

/// Octets and packets changed at random: whatever is accepted reads back as itself.
#[test]
fn mutated_certificates() {
    let keyrings = debian_keyrings();
    let samples: Vec<Vec<(u8, Bytes)>> = certificates(&keyrings[1])
        .iter()
        .filter(|octets| octets.len() < 8000)
        .take(40)
        .map(|octets| split(octets))
        .collect();
    let mut accepted = 0;
    for seed in 0..MUTATIONS {
        let mut dice = Dice::new(seed);
        let mut packets: Vec<(u8, Vec<u8>)> =
            dice.pick(&samples).iter().map(|(tag, body)| (*tag, body.to_vec())).collect();
        for _ in 0..=dice.below(3) {
            mutate(&mut dice, &mut packets, &samples);
        }
        let mut octets: Vec<u8> = packets.iter().flat_map(|(tag, body)| packet(*tag, body)).collect();
        if dice.one_in(4) {
            let at = dice.below(octets.len());
            octets[at] = dice.octet();
        }
        accepted += read_and_merge(&octets, seed);
    }
    assert!(accepted > MUTATIONS as usize / 4, "mutations leave something of many certificates: {accepted}");
}

fn mutate(dice: &mut Dice, packets: &mut Vec<(u8, Vec<u8>)>, samples: &[Vec<(u8, Bytes)>]) {
    let (at, to) = (dice.below(packets.len()), dice.below(packets.len()));
    match dice.below(7) {
        0 if packets.len() > 1 => drop(packets.remove(at)),
        1 => packets.insert(to, packets[at].clone()),
        2 => packets.swap(at, to),
        3 => {
            let other = dice.pick(samples);
            let (tag, body) = dice.pick(other).clone();
            packets.insert(to, (tag, body.to_vec()));
        }
        4 => packets[at].0 = *dice.pick(&[2, 5, 6, 10, 12, 13, 14, 17, 63]),
        5 => packets[at].1.truncate(to * 7),
        _ => {
            let body = &mut packets[at].1;
            if !body.is_empty() {
                let octet = dice.below(body.len().min(40));
                body[octet] = *dice.pick(&[0, 1, 2, 3, 4, 5, 6, 27, 32, 33, 127, 191, 192, 224, 255]);
            }
        }
    }
}

/// How many certificates were accepted.
fn read_and_merge(octets: &[u8], seed: u64) -> usize {
    let mut accepted = 0;
    for item in cert::read(Bytes::copy_from_slice(octets), Limits::default()) {
        let Item::Certificate(mut incoming) = item else { continue };
        let Ok(Merged::Changed(record)) = incoming.merge(None) else { continue };
        accepted += 1;
        let again = cert::read(record.packets.clone(), UNLIMITED).next();
        let Some(Item::Certificate(mut again)) = again else { panic!("seed {seed}: {again:?}") };
        let Ok(Merged::Changed(same)) = again.merge(None) else { panic!("seed {seed}: the record evaporates") };
        assert_eq!(same, record, "seed {seed}");
        assert!(matches!(again.merge(Some(&record.packets)), Ok(Merged::Unchanged)), "seed {seed}");
    }
    accepted
}

/// The processor time to read and merge, and then merge with itself.
fn work(octets: &[u8]) -> Duration {
    let start = processor_time();
    for item in cert::read(Bytes::copy_from_slice(octets), UNLIMITED) {
        let Item::Certificate(mut incoming) = item else { continue };
        if let Ok(Merged::Changed(record)) = incoming.merge(None) {
            assert!(matches!(incoming.merge(Some(&record.packets)), Ok(Merged::Unchanged)));
        }
    }
    processor_time() - start
}

#[track_caller]
fn assert_linear(name: &str, make: impl Fn(usize) -> Vec<u8>, count: usize) {
    let (quarter, whole) = (make(count / 4), make(count));
    let mut tries = Vec::new();
    for _ in 0..3 {
        let (small, large) = (work(&quarter), work(&whole));
        if large < small.max(NOISE) * GROWTH_LIMIT {
            return;
        }
        tries.push((small, large));
    }
    panic!("{name}: a quarter and the whole took {tries:?}");
}

/// A certification that differs from others in its unhashed area only, which costs an attacker nothing.
fn variants(count: usize) -> Vec<u8> {
    let cert = Forged::ed25519();
    let third = Signer::ed25519();
    let body = Sig::new(CERTIFICATION, &third).over_user_id(&cert.primary, ALICE, &third);
    let mut octets = cert.octets();
    for number in 0..count {
        octets.extend(packet(SIGNATURE, &[&body[..], &(number as u32).to_be_bytes()].concat()));
    }
    octets
}

/// Floods of signatures, user IDs and packets were what made keyservers stop.
#[test]
fn floods_take_linear_time() {
    assert_linear("signatures over one user ID", variants, 20_000);
    assert_linear("user IDs", user_ids, 4000);
    assert_linear("empty packets", |count| [Forged::ed25519().octets(), [0xcd, 0].repeat(count)].concat(), 400_000);
    assert_linear(
        "the same signature",
        |count| {
            let cert = Forged::ed25519();
            let again = packet(SIGNATURE, &cert.packets[2].1);
            [cert.octets(), again.repeat(count)].concat()
        },
        20_000,
    );
    assert_linear("pieces of one octet", |count| [&[0xcd][..], &[224, 1].repeat(count), &[0]].concat(), 400_000);
    assert_linear(
        "tiny certificates",
        |count| {
            let key = packet(6, &[4, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
            key.repeat(count)
        },
        40_000,
    );
}

fn user_ids(count: usize) -> Vec<u8> {
    let mut cert = Forged::ed25519();
    for number in 0..count {
        cert.user_id(format!("user {number}").as_bytes());
    }
    cert.octets()
}

/// Signatures embedded in each other must cost neither stack nor more time than their octets.
#[test]
fn deeply_nested_signatures() {
    let subkey = Signer::ed25519();
    let mut cert = Forged::ed25519();
    let mut back = cert.back_signature(&subkey, &subkey);
    while back.len() < 60_000 {
        back = wrap(&back);
    }
    let binding = cert.signing_binding(&subkey, Some(&back));
    assert!(binding.len() < 65_536);
    cert.push(SUBKEY, subkey.body.clone()).push(SIGNATURE, binding);
    assert!(work(&cert.octets()) < Duration::from_secs(5));
    cert.push(USER_ID, b"end".to_vec());
    assert_eq!(read_and_merge(&cert.octets(), 0), 1);

    /// A back signature of zeros around another.
    fn wrap(inner: &[u8]) -> Vec<u8> {
        let embedded = crate::support::forge::signature::subpacket(32, inner);
        let hashed = [4, BACK, 27, 8, 0, 6, 5, 2, 0, 0, 0, 0];
        [&hashed[..], &u16::try_from(embedded.len()).unwrap().to_be_bytes(), &embedded, &[0; 66]].concat()
    }
}
