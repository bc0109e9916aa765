//! Where the two networks differ, and what legacy clients see.

use hockeypuck::domain::LegacyForm;
use sequoia_openpgp::packet::key::{Key6, SecretParts, UnspecifiedRole};

use super::{assert_kept, stored};
use crate::support::certificates::{normalise, split};
use crate::support::forge::key::{CREATED, v4_body, v6_body};
use crate::support::forge::signature::{BINDING, CERTIFICATION, SUBKEY_REVOCATION};
use crate::support::forge::{ALICE, Forged, SIGNATURE, SUBKEY, Sig, Signer, stream};

type Secret6 = Key6<SecretParts, UnspecifiedRole>;

/// An ML-KEM-768+X25519 key, all of whose coefficients are 0.
fn mlkem(body: impl Fn(u8, &[u8]) -> Vec<u8>) -> Vec<u8> {
    body(35, &[0; 1216])
}

/// 2.3 knows no post-quantum algorithm: it has the certificate without such subkeys.
#[test]
fn post_quantum_subkeys() {
    let mut cert = Forged::ed25519();
    let without = stored(&cert).digests;
    let body = mlkem(v4_body);
    cert.subkey(&Signer::public(body.clone()), &body);
    let record = stored(&cert);
    assert_kept(&record, SUBKEY, &body, true, "ML-KEM in version 4");
    assert_eq!(record.digests.v23, without.v23);
    assert_ne!(record.digests.v24, without.v24);
    let out_of_range = v4_body(35, &[0xff; 1216]);
    let mut cert = Forged::ed25519();
    cert.subkey(&Signer::public(out_of_range.clone()), &out_of_range);
    assert_kept(&stored(&cert), SUBKEY, &out_of_range, false, "coefficients out of range");
}

/// 2.3 has no certificate at all for a post-quantum primary key.
#[test]
fn post_quantum_primary_keys() {
    for (name, key) in [
        ("ML-DSA-65+Ed25519", Secret6::generate_mldsa65_ed25519().unwrap()),
        ("ML-DSA-87+Ed448", Secret6::generate_mldsa87_ed448().unwrap()),
        ("SLH-DSA-128f", Secret6::generate_slhdsa128f().unwrap()),
    ] {
        let cert = Forged::new(Signer::v6(key));
        let record = normalise(&cert.octets()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(split(&record.packets).len(), 3, "{name}");
        assert_eq!(record.digests.v23, None, "{name}");
        assert!(record.digests.v24.is_some(), "{name}");
    }
}

/// SLH-DSA signatures are large: only the newest self-signature of a component stays, whatever the order.
#[test]
fn only_the_newest_slh_dsa_signature() {
    let primary = Signer::v6(Secret6::generate_slhdsa128f().unwrap());
    let mut cert = Forged::new(primary);
    let later = [3, 1, 2].map(|after| cert.certify(ALICE, &Sig::new(CERTIFICATION, &cert.primary).at(CREATED + after)));
    later.iter().for_each(|body| cert.packets.push((SIGNATURE, body.clone())));
    let record = stored(&cert);
    assert_kept(&record, SIGNATURE, &later[0], true, "the newest");
    assert_eq!(split(&record.packets).len(), 3);
    let (last, rest) = cert.packets.split_last().unwrap();
    let mut turned = rest[..2].to_vec();
    turned.push(last.clone());
    turned.extend_from_slice(&rest[2..]);
    assert_eq!(stored(&Forged { primary: cert.primary, packets: turned }), record);
}

/// 2.4 wants subkeys of the version of their primary key, 2.3 does not; both are kept for their own network.
#[test]
fn subkeys_of_another_version() {
    let v4 = Signer::x25519();
    let v6 = Signer::public(v6_body(25, &[9; 32]));
    for (primary, subkey) in [(Signer::ed25519(), &v6), (Signer::ed25519_v6(), &v4)] {
        let mut cert = Forged::new(primary);
        let without = stored(&cert).digests;
        let (binding, revocation) = (Sig::new(BINDING, &cert.primary), Sig::new(SUBKEY_REVOCATION, &cert.primary));
        let [binding, revocation] =
            [binding, revocation].map(|sig| sig.over_subkey(&cert.primary, subkey, &cert.primary));
        cert.push(SUBKEY, subkey.body.clone()).push(SIGNATURE, binding).push(SIGNATURE, revocation);
        let record = stored(&cert);
        assert_kept(&record, SUBKEY, &subkey.body, true, "the subkey");
        assert_eq!(record.digests.v24, without.v24);
        assert_ne!(record.digests.v23, without.v23);
    }
}

/// Legacy clients stop at version 6 packets, so they never get any.
#[test]
fn legacy_forms() {
    let third = Signer::ed25519_v6();
    let plain = Forged::ed25519();
    assert_eq!(stored(&plain).legacy, LegacyForm::Full);
    assert_eq!(stored(&Forged::new(Signer::ed25519_v6())).legacy, LegacyForm::Hidden);
    let mut mixed = Forged::ed25519();
    let packets: Vec<(u8, Vec<u8>)> = mixed.packets.clone();
    let by_third = Sig::new(CERTIFICATION, &third).over_user_id(&mixed.primary, ALICE, &third);
    mixed.push(SIGNATURE, by_third);
    let subkey = Signer::public(v6_body(25, &[9; 32]));
    mixed.subkey(&subkey, &subkey.body.clone());
    let packets: Vec<(u8, &[u8])> = packets.iter().map(|(tag, body)| (*tag, &body[..])).collect();
    assert_eq!(stored(&mixed).legacy, LegacyForm::Stripped(stream(&packets).into()));
}
