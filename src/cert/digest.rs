//! The SKS digest of a certificate.

use md5::Digest as _;

use super::packet::{Packet, length_octets};
use crate::domain::Digest;

/// MD5 over the packets sorted by tag and body, each as tag and length in 32 bits and its body.
/// How packets were framed does not matter; equal packets count each.
pub fn sks_digest(mut packets: Vec<&Packet>) -> Digest {
    packets.sort_unstable();
    let mut md5 = md5::Md5::new();
    for packet in packets {
        md5.update(u32::from(packet.tag).to_be_bytes());
        md5.update(length_octets(&packet.body));
        md5.update(&packet.body);
    }
    Digest(md5.finalize().into())
}
