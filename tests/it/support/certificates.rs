//! Certificates by way of the library, in memory.

use bytes::Bytes;
use hockeypuck::cert::{self, Incoming, Item, Limits, Merged, Rejection};
use hockeypuck::domain::Record;

/// No limits: for what has been stored.
pub const UNLIMITED: Limits = Limits { certificate_octets: 0, packet_octets: 0, signature_octets: 0 };

/// The items of a packet stream within the default limits.
pub fn items(packets: &[u8]) -> Vec<Item> {
    cert::read(Bytes::copy_from_slice(packets), Limits::default()).collect()
}

/// The certificate in a stream of one.
pub fn incoming(packets: &[u8]) -> Incoming {
    let mut items = items(packets);
    assert_eq!(items.len(), 1, "one certificate: {items:?}");
    match items.pop() {
        Some(Item::Certificate(incoming)) => *incoming,
        other => panic!("not a certificate: {other:?}"),
    }
}

/// What is stored of a certificate that nobody has sent before.
pub fn normalise(packets: &[u8]) -> Result<Record, Rejection> {
    match incoming(packets).merge(None)? {
        Merged::Changed(record) => Ok(*record),
        Merged::Unchanged => panic!("a first certificate is always a change"),
    }
}

/// The stored form after merging `packets` with it; `None` if it stays as it is.
pub fn merge(stored: &[u8], packets: &[u8]) -> Result<Option<Record>, Rejection> {
    match incoming(packets).merge(Some(stored))? {
        Merged::Changed(record) => Ok(Some(*record)),
        Merged::Unchanged => Ok(None),
    }
}

/// The tags and bodies of a packet stream.
pub fn split(packets: &[u8]) -> Vec<(u8, Bytes)> {
    let mut input = Bytes::copy_from_slice(packets);
    let mut list = Vec::new();
    while !input.is_empty() {
        match cert::frame::next_packet(&input, true) {
            Ok(cert::frame::Framed::Packet(packet, end)) => {
                input = input.slice(end..);
                list.push((packet.tag, packet.body));
            }
            other => panic!("not a packet stream: {other:?}"),
        }
    }
    list
}

/// The certificates of a keyring, each as a packet stream of its own.
pub fn certificates(keyring: &[u8]) -> Vec<Vec<u8>> {
    let mut list: Vec<Vec<u8>> = Vec::new();
    for (tag, body) in split(keyring) {
        if tag == 6 {
            list.push(Vec::new());
        }
        list.last_mut().unwrap().extend(super::forge::packet(tag, &body));
    }
    list
}

/// The keyrings of the Debian package `debian-keyring`.
pub fn debian_keyrings() -> Vec<Bytes> {
    ["keyring", "maintainers", "nonupload"]
        .map(|name| {
            let path = format!("/usr/share/keyrings/debian-{name}.gpg");
            let octets = std::fs::read(&path);
            Bytes::from(octets.unwrap_or_else(|error| panic!("{path}: {error}; the package debian-keyring is needed")))
        })
        .to_vec()
}
