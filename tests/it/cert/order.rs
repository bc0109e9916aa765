//! Order and repetition of submissions do not matter: whoever sends what first, all servers end
//! with the same certificate.

use bytes::Bytes;
use hockeypuck::domain::{Digests, Fingerprint, Record};
use hockeypuck::keyring::{Keyring, Outcome, Settings};
use hockeypuck::telemetry::KeyringMetrics;

use crate::support::certificates::{certificates, debian_keyrings, merge, normalise, split};
use crate::support::forge::{Dice, packet};
use crate::support::store::{World, on_both_engines};

/// Larger certificates are left out where time is short; of the keyring these are about two thirds.
const OCTETS_LIMIT: usize = 20_000;
const WRITERS: usize = 16;
/// Certificates whose pieces are submitted together.
const TOGETHER: usize = 40;
/// No keyring of Debian had fewer certificates.
const ENOUGH: usize = 1000;

/// Real certificates and their normalised forms.
fn all() -> impl Iterator<Item = (Vec<u8>, Record)> {
    let octets: Vec<Vec<u8>> = debian_keyrings().iter().flat_map(|keyring| certificates(keyring)).collect();
    octets.into_iter().filter_map(|octets| normalise(&octets).ok().map(|record| (octets, record)))
}

/// The first small ones.
fn samples(count: usize) -> Vec<(Vec<u8>, Record)> {
    let samples: Vec<_> = all().filter(|(octets, _)| octets.len() <= OCTETS_LIMIT).take(count).collect();
    assert_eq!(samples.len(), count, "the keyring has enough small certificates");
    samples
}

/// The primary key with its signatures, and each component with its own.
fn components(octets: &[u8]) -> Vec<Vec<u8>> {
    let mut list: Vec<Vec<u8>> = Vec::new();
    for (tag, body) in split(octets) {
        if tag != 2 {
            list.push(Vec::new());
        }
        list.last_mut().unwrap().extend(packet(tag, &body));
    }
    list
}

/// Pieces that overlap and together are the whole, in random order: each has the primary key with its
/// signatures and some components. Without a component of its own a piece would evaporate.
fn pieces(octets: &[u8], dice: &mut Dice) -> Vec<Vec<u8>> {
    let (primary, rest) = components(octets).split_first().map(|(a, b)| (a.clone(), b.to_vec())).unwrap();
    let count = 1 + dice.below(6);
    let mut pieces: Vec<Vec<usize>> = vec![Vec::new(); count];
    for component in 0..rest.len() {
        pieces[dice.below(count)].push(component);
        pieces.iter_mut().for_each(|piece| {
            if dice.one_in(3) {
                piece.push(component);
            }
        });
    }
    pieces.iter_mut().for_each(|piece| dice.shuffle(piece));
    dice.shuffle(&mut pieces);
    let whole = |piece: &Vec<usize>| {
        [&primary[..], &piece.iter().flat_map(|at| rest[*at].clone()).collect::<Vec<u8>>()].concat()
    };
    pieces.iter().map(whole).collect()
}

/// Every certificate, merged piece by piece in memory, twice.
#[test]
fn pieces_make_the_whole_in_any_order() {
    let mut count = 0;
    for (seed, (octets, whole)) in all().enumerate() {
        count += 1;
        let mut dice = Dice::new(seed as u64);
        let pieces = pieces(&octets, &mut dice);
        let mut stored: Option<Record> = None;
        for piece in pieces.iter().chain(&pieces) {
            let merged = match &stored {
                Some(record) => merge(&record.packets, piece).ok().flatten(),
                None => normalise(piece).ok(),
            };
            stored = merged.or(stored);
        }
        assert_eq!(stored.as_ref(), Some(&whole), "seed {seed}, {}", whole.fingerprint);
    }
    assert!(count >= ENOUGH, "{count}");
}

/// A signature at a time: the network sends single new signatures all the time.
#[test]
fn single_signatures_make_the_whole_in_any_order() {
    for (seed, (octets, whole)) in samples(60).into_iter().enumerate() {
        let mut dice = Dice::new(seed as u64);
        let packets = split(&whole.packets);
        let mut stored = normalise(&octets).unwrap();
        assert_eq!(stored, whole);
        let bare = bare_bones(&whole);
        let Ok(first) = normalise(&bare) else { continue };
        stored = first;
        let mut units: Vec<Vec<u8>> = units(&packets);
        dice.shuffle(&mut units);
        for unit in &units {
            stored = merge(&stored.packets, unit).ok().flatten().unwrap_or(stored);
        }
        assert_eq!(stored, whole, "seed {seed}, {}", whole.fingerprint);
    }
}

/// The primary key with its signatures, and every component with its first signature.
fn bare_bones(whole: &Record) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut component, mut count) = (0, 0);
    for (tag, body) in split(&whole.packets) {
        if tag != 2 {
            (component, count) = (tag, 0);
        }
        count += 1;
        if component == 6 || count <= 2 {
            out.extend(packet(tag, &body));
        }
    }
    out
}

/// The primary key and one component with one signature, for each signature.
fn units(packets: &[(u8, Bytes)]) -> Vec<Vec<u8>> {
    let primary = packet(packets[0].0, &packets[0].1);
    let mut component = Vec::new();
    let mut units = Vec::new();
    for (tag, body) in &packets[1..] {
        let octets = packet(*tag, body);
        if *tag == 2 {
            units.push([&primary[..], &component, &octets].concat());
        } else {
            component = octets;
        }
    }
    units
}

fn keyring(world: &World) -> Keyring {
    Keyring::new(
        world.store.clone(),
        Settings::default(),
        KeyringMetrics::register(&prometheus::Registry::new()).unwrap(),
    )
}

async fn stored_digests(world: &World, fingerprint: Fingerprint) -> Digests {
    let bases = world.store.merge_bases(&[fingerprint]).await.unwrap();
    normalise(&bases[0].packets).unwrap().digests
}

on_both_engines! {
    /// Every certificate through the store, piece by piece and all pieces again, some certificates together.
    async fn pieces_make_the_whole_in_the_store(world: World) {
        let keyring = keyring(&world);
        let all: Vec<_> = all().collect();
        assert!(all.len() >= ENOUGH);
        let mut dice = Dice::new(7);
        for together in all.chunks(TOGETHER) {
            let twice = |octets: &[u8]| {
                let pieces = pieces(octets, &mut dice);
                [&pieces[..], &pieces[..]].concat()
            };
            let mut waiting: Vec<_> = together.iter().map(|(octets, _)| octets.as_slice()).map(twice).collect();
            while waiting.iter().any(|pieces| !pieces.is_empty()) {
                let next: Vec<u8> = waiting.iter_mut().filter_map(Vec::pop).flatten().collect();
                keyring.submit(next.into()).await.unwrap();
            }
            for (octets, whole) in together {
                assert_eq!(stored_digests(&world, whole.fingerprint).await, whole.digests, "{}", whole.fingerprint);
                let again = keyring.submit(octets.clone().into()).await.unwrap();
                assert_eq!(again.results[0].outcome, Outcome::Unchanged, "{}", whole.fingerprint);
            }
        }
    }
}

on_both_engines! {
    /// Many writers of the same certificates at once: nobody fails, and nothing is lost.
    async fn writers_at_once_make_the_whole(world: World) {
        let keyring = keyring(&world);
        let samples = samples(4);
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let keyring = keyring.clone();
            let mut dice = Dice::new(writer as u64);
            let mut inputs: Vec<Vec<u8>> = samples.iter().flat_map(|(octets, _)| pieces(octets, &mut dice)).collect();
            dice.shuffle(&mut inputs);
            writers.spawn(async move {
                for input in inputs {
                    keyring.submit(input.into()).await.unwrap();
                }
            });
        }
        writers.join_all().await;
        for (_, whole) in samples {
            assert_eq!(stored_digests(&world, whole.fingerprint).await, whole.digests, "{}", whole.fingerprint);
        }
    }
}
