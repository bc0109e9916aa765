//! The reader of whole keyrings.

use std::io::Read;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hockeypuck::cert::armor::encode::encode;
use hockeypuck::cert::{self, Item, Limits, Rejection};
use hockeypuck::domain::Fingerprint;
use hockeypuck::keyring::load::{CertificateReader, Piece, PieceKind, ReadError};

use super::packets;

/// Small enough to be reached.
const LIMITS: Limits = Limits { certificate_octets: 2000, packet_octets: 600, signature_octets: 1000 };
/// How much the reader takes from its source at once.
const LOOK_AHEAD_OCTETS: usize = 256 << 10;
/// The size of the inputs whose work is measured, and how much longer than a quarter of it the whole may take.
const WORK_OCTETS: usize = 256 << 10;
const GROWTH_LIMIT: u32 = 9;
/// Below this, times say nothing.
const NOISE: Duration = Duration::from_millis(20);
/// A whole certificate for the reader.
const KEY: &[u8] = &[0xc6, 6, 4, 0, 0, 0, 0, 1];
const PUBLIC_KEY: u8 = 6;
const ARMOR_BEGIN: &[u8] = b"-----BEGIN PGP ";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Every octet is in one piece, or told, at its place; what is kept is whole, cut where certificates
/// begin, and the same however it came.
pub fn keyring(data: &[u8]) {
    let (pieces, damages) = read(data);
    if is_armored(data) {
        check_armored(data, &pieces, &damages);
    } else {
        assert!(damages.is_empty());
        check_account(data, &pieces);
        check_kept(&pieces);
        check_items(data, &pieces);
        check_in_armor(data, &pieces);
    }
    check_boundary(data);
    // It costs as much as some hundred inputs.
    if data.len().is_multiple_of(16) {
        check_work(data);
    }
}

/// What is read, and where armor is damaged.
fn read(mut data: &[u8]) -> (Vec<Piece>, Vec<u64>) {
    let limit = data.len();
    let mut reader = CertificateReader::new(data.by_ref(), &LIMITS).expect("a slice can be read");
    let (mut pieces, mut damages) = (Vec::new(), Vec::new());
    loop {
        match reader.next_piece() {
            Ok(Some(piece)) => pieces.push(piece),
            Ok(None) => break,
            Err(ReadError::Armor { offset, .. }) => damages.push(offset),
            Err(error) => panic!("{error}"),
        }
        assert!(pieces.len() + damages.len() <= limit, "the reader does not end");
    }
    assert!(data.is_empty(), "everything is read");
    (pieces, damages)
}

fn is_armored(data: &[u8]) -> bool {
    let is_text = data.starts_with(BYTE_ORDER_MARK) || data.first().is_some_and(u8::is_ascii);
    is_text && data.windows(ARMOR_BEGIN.len()).any(|window| window == ARMOR_BEGIN)
}

fn skipped(piece: &Piece) -> usize {
    match piece.kind {
        PieceKind::Skipped { octets } => usize::try_from(octets).expect("not more than there are"),
        _ => 0,
    }
}

/// The pieces stand one after the other, without a gap. Only the end of the data damages a piece.
fn check_account(data: &[u8], pieces: &[Piece]) {
    let mut rest = data;
    for (index, piece) in pieces.iter().enumerate() {
        assert_eq!(piece.offset, (data.len() - rest.len()) as u64, "{index}");
        rest = rest.strip_prefix(&piece.octets[..]).expect("a piece is what stands at its place");
        match piece.kind {
            PieceKind::Packets => check_packets(index, &piece.octets),
            PieceKind::Skipped { octets } => {
                assert!(octets > 0 && piece.octets.is_empty());
                rest = rest.get(skipped(piece)..).expect("no more is skipped than there is");
            }
            PieceKind::Damaged(_) => {
                assert_eq!(index + 1, pieces.len());
                rest = &[];
            }
        }
    }
    assert!(rest.is_empty(), "{} octets are not accounted for", rest.len());
}

/// A piece is whole packets, and begins with its only primary key, unless nothing stands before it.
fn check_packets(index: usize, octets: &Bytes) {
    let (packets, ends) = packets(octets);
    assert!(!packets.is_empty() && ends.iter().sum::<usize>() == octets.len(), "whole packets");
    let is_key = |tag: u8, length: usize| tag == PUBLIC_KEY && length <= LIMITS.packet_octets;
    assert!(!packets.iter().skip(1).any(|packet| is_key(packet.tag, packet.body.len())));
    assert!(index == 0 || packets[0].tag == PUBLIC_KEY);
    if packets[0].tag == PUBLIC_KEY {
        assert!(cert::read(octets.clone(), LIMITS).next().is_some(), "a certificate has an outcome");
    }
}

/// Without what stood between them, the pieces are read as the same pieces.
fn check_kept(pieces: &[Piece]) {
    let kept: Vec<&Bytes> = pieces.iter().filter(|p| p.kind == PieceKind::Packets).map(|p| &p.octets).collect();
    // A key above the limit begins a piece only behind octets that are no packets.
    let is_large = |octets: &&&Bytes| packets(octets).0[0].body.len() > LIMITS.packet_octets;
    if kept.iter().any(|octets| is_large(&octets)) {
        return;
    }
    let octets: Vec<u8> = kept.iter().flat_map(|octets| octets.iter().copied()).collect();
    let (again, _) = read(&octets);
    assert!(again.iter().all(|piece| piece.kind == PieceKind::Packets));
    assert_eq!(again.iter().map(|piece| &piece.octets).collect::<Vec<_>>(), kept);
}

/// Where all is whole, the certificates are those that a submission of the same octets has.
fn check_items(data: &[u8], pieces: &[Piece]) {
    if pieces.iter().any(|piece| piece.kind != PieceKind::Packets) {
        return;
    }
    let apart: Vec<_> = pieces.iter().flat_map(|piece| items(&piece.octets)).collect();
    assert_eq!(apart, items(data));
}

fn items(octets: &[u8]) -> Vec<(Option<Fingerprint>, Option<Rejection>)> {
    let name = |item| match item {
        Item::Certificate(incoming) => (Some(incoming.fingerprint()), None),
        Item::BareSignature(_) => (None, None),
        Item::Rejected(rejected) => (rejected.fingerprint, Some(rejected.reason)),
    };
    cert::read(Bytes::copy_from_slice(octets), LIMITS).map(name).collect()
}

/// Armor hides nothing of what is in it.
fn check_in_armor(data: &[u8], pieces: &[Piece]) {
    let (armored, damages) = read(&encode(&[("Comment".to_owned(), "x".to_owned())], &[data]));
    assert!(damages.is_empty() && armored.iter().all(|piece| piece.offset == 0));
    assert_eq!(contents(&armored), contents(pieces));
}

fn contents(pieces: &[Piece]) -> Vec<(&PieceKind, &Bytes)> {
    pieces.iter().map(|piece| (&piece.kind, &piece.octets)).collect()
}

/// Pieces and damage are told where blocks begin, in their order; and a text that a submission may be
/// gives what its blocks give one by one.
fn check_armored(data: &[u8], pieces: &[Piece], damages: &[u64]) {
    assert!(pieces.is_sorted_by_key(|piece| piece.offset) && damages.is_sorted());
    for offset in pieces.iter().map(|piece| &piece.offset).chain(damages) {
        let line = usize::try_from(*offset).ok().and_then(|offset| data.get(offset..)).unwrap_or_default();
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        assert!(line.trim_ascii_start().starts_with(ARMOR_BEGIN), "no block begins at {offset}");
        let is_start = *offset == 0 || usize::try_from(*offset).is_ok_and(|offset| data[offset - 1] == b'\n');
        assert!(is_start, "no line begins at {offset}");
    }
    let Ok(streams) = cert::decode(&Bytes::copy_from_slice(data)) else { return };
    // A submission also takes blocks of other programs, and no byte order mark before a block.
    let count = |text: &[u8]| data.windows(text.len()).filter(|window| *window == text).count();
    let is_plain = count(b"-----BEGIN ") == count(ARMOR_BEGIN) && count(b"-----END ") == count(b"-----END PGP ");
    let is_same = is_plain && count(BYTE_ORDER_MARK) == 0 && damages.is_empty();
    if !is_same || streams.iter().any(|stream| is_armored(stream)) {
        return;
    }
    let expected: Vec<Piece> = streams.iter().flat_map(|stream| read(stream).0).collect();
    assert_eq!(contents(pieces), contents(&expected));
}

/// It makes no difference where the octets stand in what the reader takes at once.
fn check_boundary(data: &[u8]) {
    let keyring = [KEY, data].concat();
    let filler = LOOK_AHEAD_OCTETS - KEY.len() - 6 - keyring.len() / 2 % 4096;
    let length = u32::try_from(filler).expect("not so large");
    let before = [KEY, &[0xd1, 0xff], &length.to_be_bytes(), &vec![0; filler][..]].concat();
    let (mut far, _) = read(&[&before[..], &keyring].concat());
    assert_eq!(far.remove(0).octets, before);
    far.iter_mut().for_each(|piece| piece.offset -= before.len() as u64);
    assert_eq!(far, read(&keyring).0);
}

/// Reading `data` over and over takes about four times as long as a quarter of it.
fn check_work(data: &[u8]) {
    let repeated = |octets: usize| data.repeat((octets / data.len().max(1)).max(1));
    let (quarter, whole) = (repeated(WORK_OCTETS / 4), repeated(WORK_OCTETS));
    let mut tries = Vec::new();
    for _ in 0..3 {
        let large = work(&whole);
        if large < NOISE * GROWTH_LIMIT || large < work(&quarter).max(NOISE) * GROWTH_LIMIT {
            return;
        }
        tries.push(large);
    }
    panic!("{} octets took {tries:?}", whole.len());
}

/// The processor time of this thread; the load of the machine does not count.
fn work(data: &[u8]) -> Duration {
    let (before, start) = (processor_time(), Instant::now());
    read(data);
    let elapsed = start.elapsed();
    if elapsed < NOISE * GROWTH_LIMIT { elapsed } else { processor_time() - before }
}

fn processor_time() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").expect("this is Linux");
    let nanoseconds = statistics.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}
