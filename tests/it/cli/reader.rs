//! Keyrings are cut into certificates, whatever stands between them, and nothing gets lost silently.

use std::io::{self, Read};
use std::time::Duration;

use bytes::Bytes;
use hockeypuck::cert::{Limits, Rejection};
use hockeypuck::keyring::load::{CertificateReader, Piece, PieceKind, ReadError};
use proptest::prelude::{Strategy as _, any, proptest};

use super::keyrings::{NONUPLOAD, NONUPLOAD_COUNT, armored, certificates, octets, pieces};
use crate::support::processor::processor_time;

fn skipped(pieces: &[Piece]) -> u64 {
    pieces.iter().map(|piece| if let PieceKind::Skipped { octets } = piece.kind { octets } else { 0 }).sum()
}

fn whole(pieces: &[Piece]) -> Vec<Bytes> {
    let whole = pieces.iter().filter(|piece| piece.kind == PieceKind::Packets);
    whole.map(|piece| piece.octets.clone()).collect()
}

/// The pieces of a good keyring are the keyring, cut where certificates begin.
#[test]
fn a_good_keyring_is_cut_without_loss() {
    let keyring = octets(NONUPLOAD);
    let pieces = pieces(&keyring);
    assert_eq!(pieces.len(), NONUPLOAD_COUNT);
    assert_eq!(whole(&pieces).concat(), keyring);
    let mut offset = 0;
    for piece in &pieces {
        assert_eq!(piece.offset, offset);
        offset += piece.octets.len() as u64;
    }
}

/// However the data trickle in, the pieces are the same.
#[test]
fn short_reads_change_nothing() {
    /// Gives at most 1021 octets at a time.
    struct Trickle<'a>(&'a [u8]);
    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = into.len().min(1021);
            self.0.read(&mut into[..count])
        }
    }
    let keyring = octets(NONUPLOAD);
    let mut reader = CertificateReader::new(Trickle(&keyring), &Limits::default()).unwrap();
    let trickled: Vec<Piece> = std::iter::from_fn(|| reader.next_piece().unwrap()).collect();
    assert_eq!(trickled, pieces(&keyring));
}

/// Whatever stands between certificates is told with its place and length, and both neighbours are found.
#[test]
fn garbage_between_certificates_is_skipped() {
    let [first, second, ..] = &certificates()[..] else { panic!("too few certificates") };
    let long = vec![b'x'; 1 << 20];
    let bogus_length = [0xc2, 0xff, 0x7f, 0xff, 0xff, 0xff];
    for garbage in [&b"x"[..], b"some text\n", &[0; 100], &[0xff; 50], &[0x9b; 9], &bogus_length, &long] {
        let keyring = [first, garbage, second].concat();
        let found = pieces(&keyring);
        assert_eq!(whole(&found), [first.clone(), second.clone()], "{:?}", &garbage[..garbage.len().min(9)]);
        assert_eq!(skipped(&found), garbage.len() as u64);
        let place = found.iter().find(|piece| piece.kind != PieceKind::Packets).unwrap().offset;
        assert_eq!(place, first.len() as u64);
    }
}

/// Garbage before the first and behind the last certificate is told, too.
#[test]
fn garbage_around_certificates_is_skipped() {
    let certificate = &certificates()[0];
    for keyring in [[b"junk\n", &certificate[..]].concat(), [&certificate[..], b"junk\n"].concat()] {
        let found = pieces(&keyring);
        assert_eq!(whole(&found), std::slice::from_ref(certificate));
        assert_eq!(skipped(&found), 5);
    }
    assert_eq!(skipped(&pieces(b"no certificate at all")), 21);
    assert!(pieces(b"").is_empty());
}

/// A certificate that is cut off is not stored in part, wherever the cut is: what is missing may be its revocation.
#[test]
fn a_certificate_that_is_cut_off_is_damaged() {
    let [first, second, ..] = &certificates()[..] else { panic!("too few certificates") };
    for cut in [1, 2, 300, second.len() - 1] {
        let keyring = [first, &second[..cut]].concat();
        let found = pieces(&keyring);
        let PieceKind::Damaged(Rejection::Framing(_)) = found[1].kind else { panic!("{cut}: {:?}", found[1].kind) };
        assert!(whole(&found) == [first.clone()] && found.len() == 2, "{cut}");
        assert_eq!(found[1].offset, first.len() as u64);
    }
}

/// Text with armored blocks gives the same certificates as the packets.
#[test]
fn armor_gives_the_same_certificates() {
    let certificates = certificates();
    let text = armored(&certificates);
    assert_eq!(whole(&pieces(&text)), certificates);
    let [one, two] = [armored(&certificates[..1]), armored(&certificates[1..2])];
    let letter = [b"\xef\xbb\xbf", &one[..], b"\nand another:\n\n", &two[..], b"bye\n"].concat();
    let letter = String::from_utf8(letter).unwrap().replace('\n', "\r\n");
    let found = pieces(letter.as_bytes());
    assert_eq!(whole(&found), certificates[..2]);
    assert_eq!(found[1].offset, letter.rfind("-----BEGIN").unwrap() as u64);
}

/// A damaged block does not hide the next one, and is told.
#[test]
fn damaged_armor_is_told() {
    let certificates = certificates();
    let [one, two] = [armored(&certificates[..1]), armored(&certificates[1..2])];
    let damaged = String::from_utf8(one).unwrap().replace("\n\n", "\n\n!!!!\n");
    let text = [damaged.as_bytes(), &two].concat();
    let mut reader = CertificateReader::new(&text[..], &Limits::default()).unwrap();
    let Err(ReadError::Armor { offset: 0, .. }) = reader.next_piece() else { panic!("the damage was not told") };
    assert_eq!(reader.next_piece().unwrap().unwrap().octets, certificates[1]);
    assert_eq!(reader.next_piece().unwrap(), None);
}

/// A certificate beyond what is kept in memory is refused, and the next one is found.
#[test]
fn an_endless_certificate_is_refused() {
    let [first, second, ..] = &certificates()[..] else { panic!("too few certificates") };
    let user_id = [&[0xcd, 0xff, 0, 1, 0, 0][..], &vec![b'u'; 1 << 16]].concat();
    let keyring = [first, &user_id.repeat(600)[..], second].concat();
    let found = pieces(&keyring);
    let [large, next] = &found[..] else { panic!("{} pieces", found.len()) };
    assert!(matches!(large.kind, PieceKind::Damaged(Rejection::TooLarge(_))), "{:?}", large.kind);
    assert_eq!(next.octets, second);
}

/// Packets in pieces without an end, each of which hides the next certificate, are not all followed to the end.
#[test]
fn endless_packets_take_linear_time() {
    let key = [0xc6, 6, 4, 0, 0, 0, 0, 1];
    let piece = [&[0xe4][..], &[0; 7], &key, &[0xcd]].concat();
    let keyring = [&certificates()[0], &key[..], &[0xcd], &piece.repeat(1 << 16)].concat();
    let start = processor_time();
    let found = pieces(&keyring);
    assert!(processor_time() - start < Duration::from_secs(5));
    assert_eq!(whole(&found).len(), 1 + (1 << 16));
    let kept: usize = found.iter().map(|piece| piece.octets.len()).sum();
    assert_eq!(kept as u64 + skipped(&found), keyring.len() as u64 - 1);
    assert!(matches!(found.last().unwrap().kind, PieceKind::Damaged(Rejection::Framing(_))));
}

/// A large packet in pieces is read however much the reader must take for it.
#[test]
fn a_large_packet_in_pieces_is_kept() {
    let [first, second, ..] = &certificates()[..] else { panic!("too few certificates") };
    let piece = [&[0xf4][..], &vec![0; 1 << 20]].concat();
    let attribute = [&[0xd1][..], &piece.repeat(5), &[0]].concat();
    let keyring = [first, &attribute[..], second].concat();
    assert_eq!(whole(&pieces(&keyring)), [[first, &attribute[..]].concat(), second.to_vec()]);
}

proptest! {
    /// Every octet of arbitrary data between certificates is in a piece or is told as skipped, unless a
    /// certificate is cut off at the end. Nothing makes the reader fail or stop early.
    #[test]
    fn every_octet_is_accounted_for(garbage in proptest::collection::vec(any::<u8>(), 0..400).prop_map(Bytes::from)) {
        let [first, second, ..] = &certificates()[..] else { panic!("too few certificates") };
        let keyring = [first, &garbage[..], second].concat();
        let found = pieces(&keyring);
        assert!(found[0].octets.starts_with(first));
        let kept: usize = found.iter().map(|piece| piece.octets.len()).sum();
        let is_cut = found.iter().any(|piece| matches!(piece.kind, PieceKind::Damaged(_)));
        assert!(is_cut || kept as u64 + skipped(&found) == keyring.len() as u64);
    }
}
