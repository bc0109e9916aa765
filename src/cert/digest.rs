//! The SKS digest of a certificate.

use bytes::Bytes;
use md5::Digest as _;

use super::frame::Packets;
use super::packet::{Packet, length_octets, tag};
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

/// The digests of a stream of packets as it came, before anything is normalised: with its trust packets and
/// without, because servers differ in whether they count. Empty where it is no stream of packets.
pub fn digests_as_received(packets: &Bytes) -> Vec<Digest> {
    let Ok(all) = Packets::new(packets.clone()).collect::<Result<Vec<Packet>, _>>() else { return Vec::new() };
    let untrusting: Vec<&Packet> = all.iter().filter(|packet| packet.tag != tag::TRUST).collect();
    let mut digests = vec![sks_digest(all.iter().collect())];
    if untrusting.len() < all.len() {
        digests.push(sks_digest(untrusting));
    }
    digests
}
