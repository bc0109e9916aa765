//! What must hold for any octets: one function per fuzz target, which panics if it does not.
//! The tests of the main package replay the corpora through the same functions.

mod admin;
mod config;
mod gossip;
mod http;
mod keyring;

use bytes::Bytes;
use hockeypuck::cert::frame::{Framed, next_packet};
use hockeypuck::cert::key::Key;
use hockeypuck::cert::packet::{Packet, write_all};
use hockeypuck::cert::signature::Signature;
use hockeypuck::cert::{self, Incoming, Item, Limits, Merged};
use hockeypuck::domain::search::{email_of, keywords_of};
use hockeypuck::domain::{Digest, Record};
use md5::Digest as _;

pub use self::admin::admin;
pub use self::config::template;
pub use self::gossip::{ptree_frames, ptree_session};
pub use self::http::{address, hashquery, lookup, upload};
pub use self::keyring::keyring;

/// A target's name and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 16] = [
    ("armor", armor),
    ("frame", frame),
    ("key", key),
    ("signature", signature),
    ("user_id", user_id),
    ("certificate", certificate),
    ("merge", merge),
    ("keyring", keyring),
    ("admin", admin),
    ("lookup", lookup),
    ("upload", upload),
    ("hashquery", hashquery),
    ("address", address),
    ("template", template),
    ("ptree_frames", ptree_frames),
    ("ptree_session", ptree_session),
];

/// Every post-quantum signature is longer.
const POST_QUANTUM_OCTETS: usize = 3000;
const UNLIMITED: Limits = Limits { certificate_octets: 0, packet_octets: 0, signature_octets: 0 };

/// Armor grows nothing, and what is armored comes back.
pub fn armor(data: &[u8]) {
    let input = Bytes::copy_from_slice(data);
    if let Ok(streams) = cert::decode(&input) {
        assert!(!streams.is_empty());
        assert!(streams.iter().map(Bytes::len).sum::<usize>() <= data.len());
    }
    let text = cert::armor::encode::encode(&[("Comment".to_owned(), "x".to_owned())], &[data]);
    assert_eq!(cert::decode(&text), Ok(vec![input]));
}

/// Packets survive being framed again, and a cut stream never gives other packets.
pub fn frame(data: &[u8]) {
    let (packets, ends) = packets(data);
    let again = write_all(packets.iter());
    assert_eq!(self::packets(&again).0, packets);
    let cut = data.len() / 2;
    let mut input = Bytes::copy_from_slice(data.get(..cut).unwrap_or_default());
    for (packet, end) in packets.iter().zip(ends) {
        if input.is_empty() {
            break;
        }
        match next_packet(&input, false) {
            Ok(Framed::Packet(same, taken)) => {
                assert_eq!((&same, taken), (packet, end));
                input = input.slice(taken..);
            }
            Ok(Framed::Incomplete) => break,
            Err(error) => panic!("a packet became an error: {error}"),
        }
    }
}

/// A key's fingerprint is that of its fields alone, and any key can be asked to verify.
pub fn key(data: &[u8]) {
    let packet = Packet { tag: 6, body: Bytes::copy_from_slice(data) };
    let Ok(key) = Key::parse(packet.clone()) else { return };
    assert_eq!(key.packet, packet, "the packet stays as it came");
    let prefix = if key.version == 6 { 5 } else { 3 };
    let fields = Packet { tag: 14, body: key.hashed.slice(prefix..) };
    let again = Key::parse(fields).expect("the fields of a key are a key");
    assert_eq!((again.fingerprint, &again.hashed), (key.fingerprint, &key.hashed));
    assert_eq!(key.fingerprint.version(), key.version);
    assert!(key.key_id().is_some());
    let _ = key.verifier();
    let _ = key.summary(None);
}

/// What is read of a signature does not depend on octets after its last field.
pub fn signature(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    let Ok(signature) = Signature::parse(Packet { tag: 2, body }) else { return };
    let summary = signature.summary(0).expect("an accepted signature names its issuer");
    assert!(signature.value().is_some(), "an accepted signature has a value");
    let longer = Bytes::from([data, b"more"].concat());
    let longer = Signature::parse(Packet { tag: 2, body: longer }).expect("more octets change nothing");
    assert_eq!(longer.summary(0), Some(summary));
    assert_eq!(longer.hash_tag, signature.hash_tag);
}

/// The text of a user ID is safe to show and to store, and what finds it is in lower case.
pub fn user_id(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let keywords = keywords_of(&text);
    assert!(keywords.is_sorted());
    assert!(keywords.iter().all(|word| !word.is_empty() && *word == word.to_lowercase()));
    if let Some(email) = email_of(&text) {
        assert!(email.contains('@'));
        assert_eq!(email, email.to_lowercase());
    }
    let _ = text.parse::<hockeypuck::domain::Fingerprint>();
}

/// What is stored of anything is stable: it reads back as itself, and its digests are right.
pub fn certificate(data: &[u8]) {
    for item in cert::read(Bytes::copy_from_slice(data), Limits::default()) {
        if let Item::Certificate(mut incoming) = item
            && let Ok(merged) = incoming.merge(None)
        {
            check(&changed(merged));
        }
    }
}

/// Merging is idempotent: what has been merged changes nothing when it comes again. All
/// certificates of the input get the first one's primary key, so that they are one.
pub fn merge(data: &[u8]) {
    let (packets, _) = packets(data);
    let Some(primary) = packets.iter().find(|packet| packet.tag == 6) else { return };
    let mut parts: Vec<Vec<&Packet>> = Vec::new();
    for packet in &packets {
        if packet.tag == 6 {
            parts.push(vec![primary]);
        } else if let Some(part) = parts.last_mut() {
            part.push(packet);
        }
    }
    let parts: Vec<Bytes> = parts.into_iter().map(|part| write_all(part.into_iter())).collect();
    let mut stored: Option<Record> = None;
    for part in &parts {
        if let Some(Ok(merged)) =
            one(part).map(|mut part| part.merge(stored.as_ref().map(|record| &record.packets[..])))
            && let Merged::Changed(record) = merged
        {
            check(&record);
            stored = Some(*record);
        }
    }
    let Some(stored) = stored else { return };
    for mut part in parts.iter().filter_map(one) {
        let again = part.merge(Some(&stored.packets));
        assert!(matches!(again, Ok(Merged::Unchanged)), "merging again changes nothing");
    }
}

/// The certificate of a stream that starts with its primary key.
fn one(packets: &Bytes) -> Option<Incoming> {
    match cert::read(packets.clone(), Limits::default()).next() {
        Some(Item::Certificate(incoming)) => Some(*incoming),
        _ => None,
    }
}

fn check(record: &Record) {
    let items: Vec<Item> = cert::read(record.packets.clone(), UNLIMITED).collect();
    let [Item::Certificate(_)] = &items[..] else { panic!("a record is one certificate") };
    let Some(Item::Certificate(mut again)) = items.into_iter().next() else { return };
    assert_eq!(changed(again.merge(None).expect("a record is accepted")), *record, "a record reads as itself");
    let merged = again.merge(Some(&record.packets));
    assert!(matches!(merged, Ok(Merged::Unchanged)), "a record changes nothing in itself");
    check_digests(record);
}

/// Where no packet is one that a profile treats specially, its digest is that of all packets.
fn check_digests(record: &Record) {
    let (packets, _) = packets(&record.packets);
    let keys: Vec<&Packet> = packets.iter().filter(|packet| matches!(packet.tag, 6 | 14)).collect();
    let version = |key: &Packet| key.body.first().copied();
    let one_version = keys.windows(2).all(|pair| version(pair[0]) == version(pair[1]));
    let classic = keys.iter().all(|key| key.body.get(5).is_some_and(|algorithm| *algorithm < 30));
    let small = packets.iter().all(|packet| packet.body.len() < POST_QUANTUM_OCTETS);
    let whole = Some(naive_digest(&packets));
    if one_version {
        assert_eq!(record.digests.v24, whole, "2.4 has every packet");
    }
    if classic && small {
        assert_eq!(record.digests.v23, whole, "2.3 has every packet");
    }
}

/// As simple as can be: every packet as text of its octets, sorted, hashed.
fn naive_digest(packets: &[Packet]) -> Digest {
    let mut sorted: Vec<(u32, Vec<u8>)> = packets.iter().map(|p| (u32::from(p.tag), p.body.to_vec())).collect();
    sorted.sort();
    let data = sorted.iter().flat_map(|(tag, body)| {
        [&tag.to_be_bytes()[..], &u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes(), body].concat()
    });
    Digest(md5::Md5::digest(data.collect::<Vec<u8>>()).into())
}

fn changed(merged: Merged) -> Record {
    match merged {
        Merged::Changed(record) => *record,
        Merged::Unchanged => panic!("a first certificate is always a change"),
    }
}

/// The packets up to the first framing error, and how many octets each took.
fn packets(data: &[u8]) -> (Vec<Packet>, Vec<usize>) {
    let mut input = Bytes::copy_from_slice(data);
    let (mut packets, mut ends) = (Vec::new(), Vec::new());
    while !input.is_empty() {
        let Ok(Framed::Packet(packet, end)) = next_packet(&input, true) else { break };
        input = input.slice(end..);
        packets.push(packet);
        ends.push(end);
    }
    (packets, ends)
}
