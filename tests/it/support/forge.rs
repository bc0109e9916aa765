//! Forges certificates packet by packet, valid or wrong in exactly one place. Independent of the
//! parser under test: it writes octets from the RFCs.
#![expect(clippy::cast_possible_truncation, reason = "what is forged is small")]

pub mod cert;
pub mod dice;
pub mod key;
pub mod signature;

pub use cert::{ALICE, Forged};
pub use dice::Dice;
pub use key::Signer;
pub use signature::Sig;

/// Packet type IDs.
pub const SIGNATURE: u8 = 2;
pub const KEY: u8 = 6;
pub const USER_ID: u8 = 13;
pub const SUBKEY: u8 = 14;

/// A packet with a new-format header and the shortest length.
pub fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![0xc0 | tag];
    out.extend(length(body.len()));
    out.extend(body);
    out
}

/// Packets one after another.
pub fn stream(packets: &[(u8, &[u8])]) -> Vec<u8> {
    packets.iter().flat_map(|(tag, body)| packet(*tag, body)).collect()
}

/// A packet in the old format with `octets` (1, 2 or 4) octets of length; 0 is the indeterminate length.
pub fn old_packet(tag: u8, body: &[u8], octets: usize) -> Vec<u8> {
    let kind = match octets {
        1 => 0,
        2 => 1,
        4 => 2,
        _ => 3,
    };
    let mut out = vec![0x80 | (tag << 2) | kind];
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    out.extend(&length[4 - octets..]);
    out.extend(body);
    out
}

/// A packet in pieces of 2^`power` octets each and a last one.
pub fn partial_packet(tag: u8, body: &[u8], power: u8) -> Vec<u8> {
    let mut out = vec![0xc0 | tag];
    let mut rest = body;
    while rest.len() >= 1 << power {
        let (piece, tail) = rest.split_at(1 << power);
        out.push(224 | power);
        out.extend(piece);
        rest = tail;
    }
    out.extend(length(rest.len()));
    out.extend(rest);
    out
}

/// The new-format length.
pub fn length(octets: usize) -> Vec<u8> {
    match octets {
        0..=191 => vec![octets as u8],
        192..=8383 => vec![((octets - 192) >> 8) as u8 + 192, ((octets - 192) & 0xff) as u8],
        _ => [&[255][..], &u32::try_from(octets).unwrap().to_be_bytes()].concat(),
    }
}

/// A multiprecision integer with its true bit count.
pub fn mpi(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    let number = &number[zeros..];
    let bits = number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize);
    [&(bits as u16).to_be_bytes()[..], number].concat()
}
