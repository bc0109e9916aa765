//! Sizes at their exact limits: other limits would give other digests.

use hockeypuck::cert::{Item, Rejection};

use super::{assert_kept, stored};
use crate::support::certificates::items;
use crate::support::forge::signature::CERTIFICATION;
use crate::support::forge::{ALICE, Forged, SIGNATURE, Sig, Signer, USER_ID};

const PACKET_OCTETS: usize = 8192;
const SIGNATURE_OCTETS: usize = 65_536;
const CERTIFICATE_OCTETS: usize = 1_048_576;

#[derive(Clone, Copy, Debug)]
struct Size {
    octets: usize,
    in_v23: bool,
    in_v24: bool,
}

/// Signatures may be larger in 2.4 than in 2.3.
#[test]
fn signatures_at_the_limits() {
    for size in [
        Size { octets: PACKET_OCTETS, in_v23: true, in_v24: true },
        Size { octets: PACKET_OCTETS + 1, in_v23: false, in_v24: true },
        Size { octets: SIGNATURE_OCTETS, in_v23: false, in_v24: true },
        Size { octets: SIGNATURE_OCTETS + 1, in_v23: false, in_v24: false },
    ] {
        let mut cert = Forged::ed25519();
        let without = stored(&cert).digests;
        let mut signature = cert.certify(ALICE, &Sig::new(CERTIFICATION, &cert.primary).with(27, &[1]));
        signature.resize(size.octets, 0);
        cert.push(SIGNATURE, signature.clone());
        let record = stored(&cert);
        assert_kept(&record, SIGNATURE, &signature, size.in_v24, &format!("{size:?}"));
        assert_eq!(record.digests.v24 != without.v24, size.in_v24, "{size:?}");
        assert_eq!(record.digests.v23 != without.v23, size.in_v23, "{size:?}");
    }
}

/// Other packets have one limit in both; signatures over a skipped packet are dropped with it.
#[test]
fn user_ids_at_the_limit() {
    for (octets, kept) in [(PACKET_OCTETS, true), (PACKET_OCTETS + 1, false)] {
        let mut cert = Forged::ed25519();
        let text = vec![b'u'; octets];
        cert.user_id(&text);
        let record = stored(&cert);
        assert_kept(&record, USER_ID, &text, kept, &format!("{octets} octets"));
        assert_eq!(record.user_ids.len(), if kept { 2 } else { 1 });
        assert_eq!(record.digests.v23, record.digests.v24);
    }
}

/// A skipped user ID leaves its signatures to the one before, where they are not valid, also those
/// by others; and a skipped primary key leaves its whole certificate to the one before.
#[test]
fn what_follows_an_oversized_packet_belongs_to_what_is_before() {
    let mut cert = Forged::ed25519();
    let before = stored(&cert);
    let third = Signer::ed25519();
    let again = Sig::new(CERTIFICATION, &third).over_user_id(&cert.primary, ALICE, &third);
    cert.push(6, vec![4; PACKET_OCTETS + 1]).push(SIGNATURE, again.clone());
    let record = stored(&cert);
    assert_kept(&record, SIGNATURE, &again, true, "a signature over the component before");
    assert_eq!(record.fingerprint, before.fingerprint);
}

/// Where nothing is before it, a skipped primary key is told, so that its certificate is not lost silently.
#[test]
fn an_oversized_primary_key_is_told() {
    let mut large = Forged::ed25519();
    large.packets[0].1.resize(PACKET_OCTETS + 1, 0);
    let next = Forged::ed25519();
    let items = items(&[large.octets(), next.octets()].concat());
    let [Item::Rejected(rejected), Item::Certificate(certificate)] = &items[..] else { panic!("{items:?}") };
    assert!(matches!(rejected.reason, Rejection::PrimaryKey(_)), "{rejected:?}");
    assert_eq!(certificate.fingerprint().as_bytes(), next.primary.fingerprint());
}

/// A certificate counts all packets of the input, also those that are dropped.
#[test]
fn certificates_at_the_limit() {
    let next = Forged::ed25519();
    for above in [0, 1] {
        let mut cert = Forged::ed25519();
        let mut left = CERTIFICATE_OCTETS + above - cert.packets.iter().map(|(_, body)| body.len()).sum::<usize>();
        while left > 0 {
            let octets = left.min(PACKET_OCTETS);
            cert.push(63, vec![0; octets]);
            left -= octets;
        }
        cert.push(63, Vec::new());
        let items = items(&[cert.octets(), next.octets()].concat());
        let fingerprints: Vec<_> = items.iter().map(fingerprint).collect();
        assert_eq!(fingerprints, [cert.primary.fingerprint(), next.primary.fingerprint()]);
        match &items[0] {
            Item::Certificate(_) if above == 0 => {}
            Item::Rejected(rejected) if above == 1 => {
                assert_eq!(rejected.reason, Rejection::TooLarge(CERTIFICATE_OCTETS));
            }
            other => panic!("{above} above the limit: {other:?}"),
        }
    }
}

/// Packets above their own limit do not count for the certificate.
#[test]
fn skipped_packets_do_not_count() {
    let mut cert = Forged::ed25519();
    for _ in 0..200 {
        cert.push(63, vec![0; PACKET_OCTETS + 1]);
    }
    assert_eq!(stored(&cert), stored(&Forged { packets: cert.packets[..3].to_vec(), primary: cert.primary }));
}

fn fingerprint(item: &Item) -> Vec<u8> {
    match item {
        Item::Certificate(incoming) => incoming.fingerprint().as_bytes().to_vec(),
        Item::Rejected(rejected) => rejected.fingerprint.unwrap().as_bytes().to_vec(),
        Item::BareSignature(_) => panic!("no bare signature is sent"),
    }
}
