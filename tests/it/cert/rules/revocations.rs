//! Revocations: which take everything with them, and how they come alone.

use hockeypuck::cert::{BareSignature, Item, Merged, Rejection};
use hockeypuck::domain::summary::Issuer;
use hockeypuck::domain::{Fingerprint, LegacyForm, Record};

use super::{assert_kept, stored};
use crate::support::certificates::{items, merge, normalise};
use crate::support::forge::signature::{
    BINDING, CERTIFICATION, CERTIFICATION_REVOCATION, DIRECT, KEY_REVOCATION, SUBKEY_REVOCATION,
};
use crate::support::forge::{ALICE, Forged, KEY, SIGNATURE, SUBKEY, Sig, Signer, USER_ID, packet};

/// A certificate with a signature by `third` everywhere that one can be.
fn full(third: &Signer) -> Forged {
    let primary = Signer::ed25519_legacy();
    let subkey = Signer::x25519();
    let mut cert = Forged::bare(primary);
    let by_third = |kind| Sig::new(kind, third);
    let direct = by_third(DIRECT).over_key(&cert.primary, third);
    cert.push(SIGNATURE, direct).user_id(ALICE);
    let certification = by_third(CERTIFICATION).over_user_id(&cert.primary, ALICE, third);
    cert.push(SIGNATURE, certification).subkey(&subkey, &subkey.body.clone());
    let revocation = by_third(SUBKEY_REVOCATION).over_subkey(&cert.primary, &subkey, third);
    cert.push(SIGNATURE, revocation);
    cert
}

fn revocation(cert: &Forged, reason: Option<u8>) -> Vec<u8> {
    let revocation = Sig::new(KEY_REVOCATION, &cert.primary);
    let revocation = match reason {
        Some(code) => revocation.with(29, &[code]),
        None => revocation,
    };
    revocation.over_key(&cert.primary, &cert.primary)
}

/// After a hard revocation user IDs and the signatures of others are gone; every other reason,
/// also one that nobody knows, leaves everything.
#[test]
fn hard_and_soft() {
    let third = Signer::ed25519();
    for (reason, hard) in [
        (None, true),
        (Some(0), true),
        (Some(2), true),
        (Some(1), false),
        (Some(3), false),
        (Some(32), false),
        (Some(4), false),
        (Some(100), false),
        (Some(255), false),
    ] {
        let mut cert = full(&third);
        let signature = revocation(&cert, reason);
        cert.packets.insert(1, (SIGNATURE, signature.clone()));
        let record = stored(&cert);
        assert!(record.summary.revoked, "{reason:?}");
        assert_kept(&record, SIGNATURE, &signature, true, &format!("{reason:?}"));
        assert_kept(&record, USER_ID, ALICE, !hard, &format!("user ID, {reason:?}"));
        for (tag, body) in &cert.packets[2..] {
            let expected = if hard { *tag == SUBKEY || is_binding(body) } else { true };
            assert_kept(&record, *tag, body, expected, &format!("{reason:?}"));
        }
        assert_eq!(matches!(record.legacy, LegacyForm::Revocation(_)), hard, "{reason:?}");
    }
}

fn is_binding(body: &[u8]) -> bool {
    body[..2] == [4, BINDING]
}

/// Anybody could erase certificates with revocations that are not the key's own.
#[test]
fn forged_revocations_do_nothing() {
    let third = Signer::ed25519();
    let cert = full(&third);
    let whole = stored(&cert);
    let issuer = [&[4][..], &cert.primary.fingerprint()].concat();
    let claims_self = Sig::bare(KEY_REVOCATION, &third).with(2, &[0; 4]).with(33, &issuer);
    for (signature, kept) in [
        (claims_self.over_key(&cert.primary, &third), false),
        (
            Sig { spoil_value: 1, ..Sig::new(KEY_REVOCATION, &cert.primary) }.over_key(&cert.primary, &cert.primary),
            false,
        ),
        // A designated revoker may have made it: kept, without effect.
        (Sig::new(KEY_REVOCATION, &third).over_key(&cert.primary, &third), true),
    ] {
        let mut with = Forged { primary: Signer::public(cert.primary.body.clone()), packets: cert.packets.clone() };
        with.packets.insert(1, (SIGNATURE, signature.clone()));
        let record = stored(&with);
        assert_kept(&record, SIGNATURE, &signature, kept, "revocation by another key");
        assert_kept(&record, USER_ID, ALICE, true, "user ID");
        assert_eq!(record.summary.revoked, whole.summary.revoked);
    }
}

/// A user ID or subkey that was only ever revoked is still the key's own statement.
#[test]
fn a_revocation_alone_keeps_a_component() {
    let mut cert = Forged::ed25519();
    let subkey = Signer::x25519();
    let of_user_id = cert.certify(b"Bob", &Sig::new(CERTIFICATION_REVOCATION, &cert.primary));
    let of_subkey = Sig::new(SUBKEY_REVOCATION, &cert.primary).over_subkey(&cert.primary, &subkey, &cert.primary);
    cert.push(USER_ID, b"Bob").push(SIGNATURE, of_user_id);
    cert.push(SUBKEY, subkey.body.clone()).push(SIGNATURE, of_subkey);
    let record = stored(&cert);
    for (tag, body) in &cert.packets {
        assert_kept(&record, *tag, body, true, "everything");
    }
    assert!(record.summary.user_ids.iter().any(|user_id| user_id.text == "Bob" && user_id.revoked));
    assert!(record.summary.subkeys[0].revoked);
}

/// A key with nothing but a revocation is what keyservers are for; one with nothing but
/// statements by others is a stranger's invention.
#[test]
fn what_keeps_a_certificate_alive() {
    let third = Signer::ed25519();
    let mut revoked = Forged::bare(Signer::ed25519_legacy());
    let signature = revocation(&revoked, None);
    revoked.push(SIGNATURE, signature);
    assert!(normalise(&revoked.octets()).is_ok());
    let mut others = Forged::bare(Signer::ed25519_legacy());
    let signature = Sig::new(DIRECT, &third).over_key(&others.primary, &third);
    others.push(SIGNATURE, signature).push(USER_ID, ALICE);
    let signature = Sig::new(CERTIFICATION, &third).over_user_id(&others.primary, ALICE, &third);
    others.push(SIGNATURE, signature);
    assert_eq!(normalise(&others.octets()), Err(Rejection::NoValidSelfSignature));
    assert_eq!(normalise(&packet(KEY, &others.primary.body)), Err(Rejection::NoValidSelfSignature));
}

fn bare(signature: &[u8]) -> BareSignature {
    match items(&packet(SIGNATURE, signature)).pop() {
        Some(Item::BareSignature(bare)) => bare,
        other => panic!("not a bare signature: {other:?}"),
    }
}

fn changed(merged: Result<Merged, Rejection>) -> Record {
    match merged {
        Ok(Merged::Changed(record)) => *record,
        other => panic!("nothing changed: {other:?}"),
    }
}

/// A revocation certificate alone does what it does within its certificate, once.
#[test]
fn a_bare_revocation_is_stored_once() {
    let third = Signer::ed25519();
    let cert = full(&third);
    let before = stored(&cert);
    let signature = revocation(&cert, None);
    let revoked = changed(bare(&signature).merge(&before.packets));
    let mut whole = full(&third);
    whole.packets = cert.packets.clone();
    whole.packets.insert(1, (SIGNATURE, signature.clone()));
    assert_eq!(revoked, stored(&whole));
    assert!(matches!(bare(&signature).merge(&revoked.packets), Ok(Merged::Unchanged)));
    assert_eq!(merge(&revoked.packets, &cert.octets()), Ok(None), "the certificate without it changes nothing");
    assert_eq!(merge(&revoked.packets, &whole.octets()), Ok(None), "nor does the one with it");
    let fingerprint = Fingerprint::from_bytes(&cert.primary.fingerprint()).unwrap();
    assert_eq!(bare(&signature).revokes(), Some(Issuer::Fingerprint(fingerprint)));
}

/// Only a valid revocation of the very key may come without its certificate.
#[test]
fn other_bare_signatures_are_refused() {
    let third = Signer::ed25519();
    let cert = full(&third);
    let before = stored(&cert);
    let direct = Sig::new(DIRECT, &cert.primary).over_key(&cert.primary, &cert.primary);
    assert_eq!(bare(&direct).revokes(), None);
    let spoilt = Sig { spoil_value: 1, ..Sig::new(KEY_REVOCATION, &cert.primary) };
    let by_third = Sig::new(KEY_REVOCATION, &third).over_key(&cert.primary, &third);
    for signature in [spoilt.over_key(&cert.primary, &cert.primary), by_third] {
        assert!(matches!(bare(&signature).merge(&before.packets), Err(Rejection::InvalidRevocation)));
    }
}
