//! Packets: a tag and a body, without the framing in which they came.

use bytes::{BufMut, Bytes, BytesMut};

/// Packet type IDs (RFC 9580 section 5) that are told apart here.
pub mod tag {
    pub const SIGNATURE: u8 = 2;
    pub const SECRET_KEY: u8 = 5;
    pub const PUBLIC_KEY: u8 = 6;
    pub const MARKER: u8 = 10;
    pub const TRUST: u8 = 12;
    pub const USER_ID: u8 = 13;
    pub const PUBLIC_SUBKEY: u8 = 14;
    pub const USER_ATTRIBUTE: u8 = 17;
}

/// A packet. Its body shares memory with the input that it was read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packet {
    pub tag: u8,
    pub body: Bytes,
}

impl Packet {
    /// The length of the packet with its header.
    pub fn framed_len(&self) -> usize {
        self.body.len()
            + if self.body.len() < 192 {
                2
            } else if self.body.len() < 8384 {
                3
            } else {
                6
            }
    }

    /// Appends the packet with a new-format header and the shortest length.
    pub fn write(&self, out: &mut BytesMut) {
        out.put_u8(0xc0 | self.tag);
        let octets = length_octets(&self.body);
        let [_, _, high, low] = octets;
        match self.body.len() {
            0..=191 => out.put_u8(low),
            192..=8383 => {
                let [high, low] = (u16::from_be_bytes([high, low]) - 192).to_be_bytes();
                out.put_slice(&[high + 192, low]);
            }
            _ => {
                out.put_u8(0xff);
                out.put_slice(&octets);
            }
        }
        out.put_slice(&self.body);
    }
}

/// The length in 32 bits, big endian. Nothing longer passes [`super::Limits`] or the limits on bodies.
pub fn length_octets(octets: &[u8]) -> [u8; 4] {
    u32::try_from(octets.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The packets one after another with their headers.
pub fn write_all<'a>(packets: impl Iterator<Item = &'a Packet> + Clone) -> Bytes {
    let mut out = BytesMut::with_capacity(packets.clone().map(Packet::framed_len).sum());
    packets.for_each(|packet| packet.write(&mut out));
    out.freeze()
}
