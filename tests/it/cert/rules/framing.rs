//! How packets come, and which certificate they belong to.

use hockeypuck::cert::frame::FrameError;
use hockeypuck::cert::{Item, Rejection};

use super::{assert_kept, stored};
use crate::support::certificates::{items, normalise};
use crate::support::forge::signature::CERTIFICATION;
use crate::support::forge::{ALICE, Forged, SIGNATURE, Sig, Signer, old_packet, packet, partial_packet};

/// Frames a packet.
type Form<'a> = &'a dyn Fn(u8, &[u8]) -> Vec<u8>;

/// The digest says nothing about framing: every form that other software writes gives the same record.
#[test]
fn all_length_forms_are_equal() {
    let cert = Forged::ed25519();
    let whole = stored(&cert);
    let long_length = |tag: u8, body: &[u8]| {
        [&[0xc0 | tag, 255][..], &u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
    };
    let old = |octets: usize| move |tag: u8, body: &[u8]| old_packet(tag, body, octets);
    let partial = |power: u8| move |tag: u8, body: &[u8]| partial_packet(tag, body, power);
    let forms: [(&str, Form<'_>); 8] = [
        ("old, 1 octet", &old(1)),
        ("old, 2 octets", &old(2)),
        ("old, 4 octets", &old(4)),
        ("new, 5 octets", &long_length),
        ("pieces of 1 octet", &partial(0)),
        ("pieces of 2 octets", &partial(1)),
        ("pieces of 16 octets", &partial(4)),
        ("pieces of 512 octets", &partial(9)),
    ];
    for (name, form) in forms {
        let octets: Vec<u8> = cert.packets.iter().flat_map(|(tag, body)| form(*tag, body)).collect();
        assert_eq!(normalise(&octets).unwrap(), whole, "{name}");
    }
    let (last, first) = cert.packets.split_last().unwrap();
    let mut octets: Vec<u8> = first.iter().flat_map(|(tag, body)| packet(*tag, body)).collect();
    octets.extend(old_packet(last.0, &last.1, 0));
    assert_eq!(normalise(&octets).unwrap(), whole, "indeterminate length of the last packet");
}

/// One damaged certificate must not cost the good ones before it.
#[test]
fn certificates_before_a_framing_error_stay() {
    let good = Forged::ed25519();
    for (rest, error) in [
        (&[0x00][..], FrameError::NotAHeader),
        (&[0x7f, 1, 2], FrameError::NotAHeader),
        (&[0xc6], FrameError::Truncated),
        (&[0xc6, 5, 4], FrameError::Truncated),
        (&[0xc2, 255, 255, 255, 255, 255], FrameError::Truncated),
        (&[0xc2, 224, 1], FrameError::Truncated),
        (&[0x99, 1], FrameError::Truncated),
    ] {
        let items = items(&[&good.octets()[..], rest].concat());
        let [Item::Certificate(first), Item::Rejected(rejected)] = &items[..] else { panic!("{items:?}") };
        assert_eq!(first.fingerprint().as_bytes(), good.primary.fingerprint());
        assert_eq!(rejected.reason, Rejection::Framing(error), "{rest:?}");
    }
}

/// A marker may stand anywhere; any other packet ends the component that it follows, so that
/// signatures over it are not taken for signatures over what came before.
#[test]
fn packets_between_a_component_and_its_signature() {
    let third = Signer::ed25519();
    for (tag, body, kept) in [
        (10, &b"PGP"[..], true),
        (12, b"\x00\x01", true),
        (12, b"\x00\x00SKS\x02", true),
        (17, b"\x02\x01x", false),
        (5, b"\x04", false),
        (7, b"\x04", false),
        (63, b"", false),
        (0, b"x", false),
        (14, b"\x04", false),
        (13, b"zero\0", false),
    ] {
        let mut cert = Forged::ed25519();
        let signature = Sig::new(CERTIFICATION, &third).over_user_id(&cert.primary, ALICE, &third);
        cert.push(tag, body).push(SIGNATURE, signature.clone());
        let record = stored(&cert);
        assert_kept(&record, SIGNATURE, &signature, kept, &format!("signature after packet {tag}"));
        assert_kept(&record, tag, body, false, &format!("packet {tag}"));
    }
}

/// Signatures of a dropped certificate must not end up at its neighbour.
#[test]
fn packets_after_an_unreadable_primary_key_are_dropped() {
    let (first, second) = (Forged::ed25519(), Forged::ed25519());
    let signature = Sig::new(CERTIFICATION, &first.primary).over_user_id(&first.primary, ALICE, &first.primary);
    let octets =
        [first.octets(), packet(6, &[9, 9]), packet(13, ALICE), packet(SIGNATURE, &signature), second.octets()]
            .concat();
    let items = items(&octets);
    let [Item::Certificate(a), Item::Rejected(rejected), Item::Certificate(b)] = &items[..] else {
        panic!("{items:?}")
    };
    assert_eq!(a.octets(), first.packets.iter().map(|(_, body)| body.len()).sum::<usize>());
    assert_eq!(b.fingerprint().as_bytes(), second.primary.fingerprint());
    assert!(matches!(rejected.reason, Rejection::PrimaryKey(_)));
}

/// A revocation file is one signature; a signature elsewhere without a certificate is noise.
#[test]
fn only_a_stream_that_starts_with_a_signature_has_bare_ones() {
    let cert = Forged::ed25519();
    let signature = packet(SIGNATURE, &Sig::new(0x20, &cert.primary).over_key(&cert.primary, &cert.primary));
    assert!(matches!(items(&signature)[..], [Item::BareSignature(_)]));
    assert!(matches!(items(&[packet(13, b"x"), signature.clone()].concat())[..], []));
    let with_certificate = items(&[signature, cert.octets()].concat());
    assert!(matches!(with_certificate[..], [Item::BareSignature(_), Item::Certificate(_)]));
}

/// A private key sent by mistake is refused with a clear word, and nothing of it is stored.
#[test]
fn secret_keys_are_refused() {
    let items = items(&[packet(5, &[4, 0, 0, 0, 0, 1]), packet(13, ALICE)].concat());
    let [Item::Rejected(rejected)] = &items[..] else { panic!("{items:?}") };
    assert_eq!(rejected.reason, Rejection::SecretKey);
}
