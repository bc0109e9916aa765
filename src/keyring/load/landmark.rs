//! How the beginning of a certificate is recognised among octets that are no packets.

use bytes::Bytes;

use crate::cert::frame::{Framed, next_packet};

/// The tag of a primary key.
pub(super) const PUBLIC_KEY: u8 = 6;
/// Signature, public key, trust, user ID, public subkey, user attribute.
pub(super) const CERTIFICATE_TAGS: [u8; 6] = [2, PUBLIC_KEY, 12, 13, 14, 17];
/// The largest primary key that is recognised, with its header.
const LANDMARK_OCTETS_LIMIT: usize = 64 << 10;
/// The algorithms of primary keys (RFC 9580 section 9.1, RFC 9980).
const PRIMARY_KEY_ALGORITHMS: [u8; 12] = [1, 3, 17, 19, 20, 22, 27, 28, 30, 31, 32, 33];

/// The first certificate of some octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    At(usize),
    /// It depends on what follows the octets.
    Perhaps(usize),
    Nothing,
}

/// Looks for a primary key that another packet of a certificate or the end follows.
pub(super) fn find(octets: &Bytes, is_at_end: bool) -> Found {
    for (position, header) in octets.iter().enumerate() {
        if !matches!(header, 0x98..=0x9a | 0xc6) {
            continue;
        }
        match is_certificate(&octets.slice(position..), is_at_end) {
            Some(true) => return Found::At(position),
            Some(false) => {}
            None => return Found::Perhaps(position),
        }
    }
    Found::Nothing
}

/// The tag of a packet header of either format.
pub(super) fn tag_of(header: u8) -> u8 {
    if header & 0x40 == 0 { (header & 0x3c) >> 2 } else { header & 0x3f }
}

/// A packet of the old format that reaches to the end of the data.
pub(super) fn is_indeterminate(header: u8) -> bool {
    header & 0xc3 == 0x83
}

/// A packet of the new format whose first length is a partial one.
pub(super) fn is_in_pieces(rest: &[u8]) -> bool {
    matches!(rest, [0xc0..=0xff, 224..=254, ..])
}

/// `None` when it depends on what follows.
fn is_certificate(rest: &Bytes, is_at_end: bool) -> Option<bool> {
    if is_in_pieces(rest) {
        return Some(false);
    }
    match next_packet(rest, is_at_end) {
        Ok(Framed::Packet(packet, length)) if is_primary_key(&packet.body) => match rest.get(length) {
            Some(header) => Some(header & 0x80 != 0 && CERTIFICATE_TAGS.contains(&tag_of(*header))),
            None if is_at_end => Some(true),
            None => None,
        },
        Ok(Framed::Incomplete) if rest.len() <= LANDMARK_OCTETS_LIMIT => None,
        Ok(Framed::Packet(..) | Framed::Incomplete) | Err(_) => Some(false),
    }
}

fn is_primary_key(body: &[u8]) -> bool {
    let algorithm = match body.first() {
        Some(2 | 3) => body.get(7),
        Some(4 | 6) => body.get(5),
        _ => None,
    };
    algorithm.is_some_and(|algorithm| PRIMARY_KEY_ALGORITHMS.contains(algorithm))
}
