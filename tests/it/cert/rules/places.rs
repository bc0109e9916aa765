//! Which signature may stand where, and by whom.

use super::{assert_kept, stored};
use crate::support::forge::key::CREATED;
use crate::support::forge::signature::{
    BACK, BINDING, CERTIFICATION, CERTIFICATION_REVOCATION, DIRECT, KEY_REVOCATION, SHA1, SUBKEY_REVOCATION,
};
use crate::support::forge::{ALICE, Forged, SIGNATURE, SUBKEY, Sig, Signer, USER_ID};

/// A certificate that has a component of every kind, to which one signature more can be added.
fn with(place: u8, signature: impl Fn(&Signer, &Signer) -> Vec<u8>) -> (Forged, Vec<u8>) {
    let mut cert = Forged::ed25519();
    let subkey = Signer::x25519();
    cert.subkey(&subkey, &subkey.body.clone());
    let at = cert.packets.iter().position(|(tag, _)| *tag == place).unwrap() + 1;
    let body = signature(&cert.primary, &subkey);
    cert.packets.insert(at, (SIGNATURE, body.clone()));
    (cert, body)
}

fn over(sig: &Sig, place: u8, primary: &Signer, subkey: &Signer, by: &Signer) -> Vec<u8> {
    match place {
        USER_ID => sig.over_user_id(primary, ALICE, by),
        SUBKEY => sig.over_subkey(primary, subkey, by),
        _ => sig.over_key(primary, by),
    }
}

/// A valid signature of a type that does not belong to its place is dropped, and third parties
/// may not bind subkeys.
#[test]
fn types_and_places() {
    let third = Signer::ed25519();
    let kinds = [0x00, 0x10, 0x11, 0x12, 0x13, 0x16, 0x18, 0x19, 0x1f, 0x20, 0x28, 0x30, 0x40, 0x50];
    for kind in kinds {
        for (place, by_self, by_other) in [
            (6, matches!(kind, DIRECT | KEY_REVOCATION), matches!(kind, DIRECT | KEY_REVOCATION)),
            (USER_ID, certifies(kind), certifies(kind)),
            (SUBKEY, matches!(kind, BINDING | SUBKEY_REVOCATION), kind == SUBKEY_REVOCATION),
        ] {
            let soft = |sig: Sig| sig.with(29, &[3]);
            let (cert, body) =
                with(place, |primary, subkey| over(&soft(Sig::new(kind, primary)), place, primary, subkey, primary));
            assert_kept(&stored(&cert), SIGNATURE, &body, by_self, &format!("{kind:#x} by itself after {place}"));
            let (cert, body) =
                with(place, |primary, subkey| over(&soft(Sig::new(kind, &third)), place, primary, subkey, &third));
            assert_kept(&stored(&cert), SIGNATURE, &body, by_other, &format!("{kind:#x} by others after {place}"));
        }
    }
}

fn certifies(kind: u8) -> bool {
    matches!(kind, 0x10..=0x13 | CERTIFICATION_REVOCATION)
}

/// A signature over another component is a martian where it stands.
#[test]
fn signatures_over_something_else() {
    let third = Signer::ed25519();
    for (place, actual) in [(USER_ID, 6), (USER_ID, SUBKEY), (SUBKEY, USER_ID), (6, USER_ID), (6, SUBKEY)] {
        for by_third in [false, true] {
            let kind = match place {
                USER_ID => CERTIFICATION,
                SUBKEY => SUBKEY_REVOCATION,
                _ => DIRECT,
            };
            let (cert, body) = with(place, |primary, subkey| {
                let by = if by_third { &third } else { primary };
                over(&Sig::new(kind, by), actual, primary, subkey, by)
            });
            assert_kept(&stored(&cert), SIGNATURE, &body, false, &format!("over {actual} after {place}"));
        }
    }
}

/// Signatures by other keys cannot be verified; their hash prefix is what tells them from noise.
/// The key's own are verified, and in version 4 their prefix does not matter.
#[test]
fn hash_prefixes_and_values() {
    let third = Signer::ed25519();
    let spoilt = [
        (Sig { spoil_prefix: 0, spoil_value: 1, ..Sig::new(CERTIFICATION, &third) }, true),
        (Sig { spoil_prefix: 1, spoil_value: 0, ..Sig::new(CERTIFICATION, &third) }, false),
    ];
    for (sig, kept) in spoilt {
        let (cert, body) = with(USER_ID, |primary, _| sig.over_user_id(primary, ALICE, &third));
        assert_kept(&stored(&cert), SIGNATURE, &body, kept, "by another key");
    }
    for (prefix, value, version, kept) in [(1, 0, 4, true), (0, 1, 4, false), (1, 0, 6, false), (0, 0, 6, true)] {
        let primary = if version == 6 { Signer::ed25519_v6() } else { Signer::ed25519() };
        let mut cert = Forged::new(primary);
        let sig =
            Sig { spoil_prefix: prefix, spoil_value: value, ..Sig::new(CERTIFICATION, &cert.primary).at(CREATED + 1) };
        let body = cert.certify(ALICE, &sig);
        cert.push(SIGNATURE, body.clone());
        assert_kept(&stored(&cert), SIGNATURE, &body, kept, &format!("{prefix} {value} in version {version}"));
    }
}

/// A stranger must not add somebody's signing subkey to a certificate of his own.
#[test]
fn signing_subkeys_must_agree() {
    let subkey = Signer::ed25519();
    let third = Signer::ed25519();
    let cert = Forged::ed25519();
    let good = cert.back_signature(&subkey, &subkey);
    let by_third = cert.back_signature(&subkey, &third);
    let spoilt = Sig { spoil_value: 1, ..Sig::new(BACK, &subkey) }.over_subkey(&cert.primary, &subkey, &subkey);
    let over_nothing = Sig::new(BACK, &subkey).over_key(&cert.primary, &subkey);
    let wrong_kind = Sig::new(BINDING, &subkey).over_subkey(&cert.primary, &subkey, &subkey);
    for (name, back, kept) in [
        ("right", Some(&good), true),
        ("missing", None, false),
        ("by a third key", Some(&by_third), false),
        ("with a wrong value", Some(&spoilt), false),
        ("over something else", Some(&over_nothing), false),
        ("of the wrong type", Some(&wrong_kind), false),
    ] {
        let binding = cert.signing_binding(&subkey, back.map(Vec::as_slice));
        let mut packets = cert.packets.clone();
        packets.extend([(SUBKEY, subkey.body.clone()), (SIGNATURE, binding)]);
        let record = stored(&Forged { primary: Signer::public(cert.primary.body.clone()), packets });
        assert_kept(&record, SUBKEY, &subkey.body, kept, name);
    }
}

/// Without the flag to sign nothing need be agreed to.
#[test]
fn other_subkeys_need_not_agree() {
    let subkey = Signer::ed25519();
    for flags in [None, Some(&[][..]), Some(&[0x0c]), Some(&[0x20]), Some(&[0x01])] {
        let mut cert = Forged::ed25519();
        let mut sig = Sig::new(BINDING, &cert.primary);
        if let Some(flags) = flags {
            sig = sig.with(27, flags);
        }
        let binding = sig.over_subkey(&cert.primary, &subkey, &cert.primary);
        cert.push(SUBKEY, subkey.body.clone()).push(SIGNATURE, binding);
        assert_kept(&stored(&cert), SUBKEY, &subkey.body, true, &format!("flags {flags:?}"));
    }
}

/// Version 3 signatures are old but in the network; they cannot bind what can sign.
#[test]
fn version_3_signatures() {
    let rsa = Signer::rsa(1024);
    let third = Signer::rsa(1024);
    let can_sign = Signer::rsa(1024);
    let encrypts = Signer::x25519();
    let sign = |cert: &Forged, kind, over: &[u8], by: &Signer| {
        Sig::version3(kind, by).over(&[&cert.primary.hashed()[..], over].concat(), by)
    };
    let mut cert = Forged::new(rsa);
    let list = [
        ("a certification", USER_ID, sign(&cert, CERTIFICATION, ALICE, &cert.primary), true),
        (
            "with MD5",
            USER_ID,
            {
                let s = Sig { hash: 1, ..Sig::version3(CERTIFICATION, &third) };
                s.over_user_id(&cert.primary, ALICE, &third)
            },
            true,
        ),
        (
            "with SHA-1",
            USER_ID,
            {
                let s = Sig { hash: SHA1, ..Sig::version3(CERTIFICATION, &third) };
                s.over_user_id(&cert.primary, ALICE, &third)
            },
            true,
        ),
        ("a certification by another", USER_ID, sign(&cert, CERTIFICATION, ALICE, &third), true),
        (
            "its prefix is wrong",
            USER_ID,
            Sig { spoil_prefix: 1, ..Sig::version3(CERTIFICATION, &cert.primary) }.over_user_id(
                &cert.primary,
                ALICE,
                &cert.primary,
            ),
            false,
        ),
        ("a direct signature", 6, sign(&cert, DIRECT, &[], &cert.primary), false),
        ("a revocation by another", 6, sign(&cert, KEY_REVOCATION, &[], &third), true),
        ("a binding of a key that encrypts", SUBKEY, sign(&cert, BINDING, &encrypts.hashed(), &cert.primary), true),
    ];
    let binding = sign(&cert, BINDING, &can_sign.hashed(), &cert.primary);
    for place in [6, USER_ID] {
        let at = cert.packets.iter().position(|(tag, _)| *tag == place).unwrap() + 1;
        for (_, _, body, _) in list.iter().filter(|(_, p, ..)| *p == place) {
            cert.packets.insert(at, (SIGNATURE, body.clone()));
        }
    }
    cert.push(SUBKEY, encrypts.body.clone());
    list.iter().filter(|(_, place, ..)| *place == SUBKEY).for_each(|(_, _, body, _)| {
        cert.packets.push((SIGNATURE, body.clone()));
    });
    cert.push(SUBKEY, can_sign.body.clone()).push(SIGNATURE, binding.clone());
    let record = stored(&cert);
    for (name, _, body, kept) in &list {
        assert_kept(&record, SIGNATURE, body, *kept, name);
    }
    assert_kept(&record, SUBKEY, &can_sign.body, false, "a binding of a key that can sign");
}

/// An RSA key has three algorithm numbers; a signature must use the key's own.
#[test]
fn the_algorithm_number_is_that_of_the_key() {
    for (number, kept) in [(1, true), (3, false)] {
        let mut cert = Forged::new(Signer::rsa_mersenne(&[521, 607]));
        let mut by = Signer::rsa_mersenne(&[521, 607]);
        let sig = Sig::new(CERTIFICATION, &by).at(CREATED + 1);
        by.body[5] = number;
        let body = sig.over_user_id(&cert.primary, ALICE, &by);
        cert.push(SIGNATURE, body.clone());
        assert_kept(&stored(&cert), SIGNATURE, &body, kept, &format!("algorithm {number}"));
    }
}
