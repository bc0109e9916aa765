//! Whose signature counts: the key must be good when it signed, and still be.

use std::time::{Duration, SystemTime};

use hockeypuck::http::HttpSettings;
use sequoia_openpgp::types::ReasonForRevocation;

use super::super::world::{World, settings, text};
use super::{DAY, delete, deletion, fingerprint, is_stored, long_ago, submit, today, without_certificate, world_of};
use crate::support::administrator::{Administrator, armored_certificate};
use crate::support::certificates::split;
use crate::support::certs;
use crate::support::forge::signature::{CERTIFICATION, SHA1, SHA256};
use crate::support::forge::{self, ALICE, Forged, Sig, Signer};

/// The status of a deletion that was signed at that time.
async fn signed_at(world: &World, admin: &Administrator, at: SystemTime) -> u16 {
    let cert = certs::small("<cert@example.org>");
    submit(world, &cert.packets()).await;
    let request = deletion(&cert.packets());
    let status = delete(world, &request, &admin.sign(&request, at)).await.status().as_u16();
    assert_eq!(is_stored(world, &fingerprint(&cert)).await, status != 200);
    status
}

/// Signatures are from the past, or from a clock that is a little ahead.
#[tokio::test]
async fn signatures_are_not_from_the_future() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    for (at, status) in [
        (today() + DAY, 422),
        (today() + Duration::from_secs(600), 422),
        (today() + Duration::from_secs(120), 200),
        (today() - 30 * DAY, 200),
    ] {
        assert_eq!(signed_at(&world, &admin, at).await, status, "{at:?}");
    }
}

/// A key that has expired signs nothing any more, whatever time its signature tells.
#[tokio::test]
async fn expired_keys_do_not_count() {
    for admin in
        [Administrator::for_a_while(long_ago(), 100 * DAY), Administrator::with_brief_subkey(long_ago(), 100 * DAY)]
    {
        let world = world_of(&admin).await;
        for at in [today(), admin.created() + DAY] {
            assert_eq!(signed_at(&world, &admin, at).await, 422, "{at:?}");
        }
    }
    let admin = Administrator::for_a_while(long_ago(), 400 * DAY);
    assert_eq!(signed_at(&world_of(&admin).await, &admin, today()).await, 200);
}

/// Neither does one that was revoked, softly or hard, before or after it signed.
#[tokio::test]
async fn revoked_keys_do_not_count() {
    use ReasonForRevocation::{KeyCompromised, KeyRetired};
    for reason in [KeyCompromised, KeyRetired] {
        let admin = Administrator::new(long_ago());
        let world = without_certificate(&admin).await;
        submit(&world, &admin.packets()).await;
        assert_eq!(signed_at(&world, &admin, today()).await, 200, "{reason:?}");
        submit(&world, &admin.revoked(today() - DAY, reason)).await;
        for at in [today(), today() - 2 * DAY] {
            assert_eq!(signed_at(&world, &admin, at).await, 422, "{reason:?} {at:?}");
        }
    }
}

/// Signatures of version 3 or with SHA-1, which sequoia's policy refuses, do not count; the same key's others do.
#[tokio::test]
async fn old_signatures_do_not_count() {
    let mut admin = Forged::bare(Signer::ed25519_legacy());
    let flags = Sig::new(CERTIFICATION, &admin.primary).with(27, &[3]);
    let certification = admin.certify(ALICE, &flags);
    admin.push(forge::USER_ID, ALICE).push(forge::SIGNATURE, certification);
    let mut rsa = Forged::bare(Signer::rsa(2048));
    let flags = Sig::new(CERTIFICATION, &rsa.primary).with(27, &[3]);
    let certification = rsa.certify(ALICE, &flags);
    rsa.push(forge::USER_ID, ALICE).push(forge::SIGNATURE, certification);
    for (admin, version, hash, status) in
        [(&admin, 4, SHA256, 200), (&rsa, 4, SHA256, 200), (&rsa, 3, SHA256, 422), (&rsa, 4, SHA1, 422)]
    {
        let admin_keys = vec![hex::encode(admin.primary.fingerprint()).parse().unwrap()];
        let world = World::with_settings(HttpSettings { admin_keys, ..settings() }).await;
        submit(&world, &admin.octets()).await;
        let cert = certs::small("<cert@example.org>");
        submit(&world, &cert.packets()).await;
        let request = deletion(&cert.packets());
        let signature = match version {
            3 => Sig::version3(0, &admin.primary),
            _ => Sig::new(0, &admin.primary),
        };
        let signature = Sig { hash, ..signature };
        let packet = forge::packet(forge::SIGNATURE, &signature.over(request.as_bytes(), &admin.primary));
        let response = delete(&world, &request, &armored_certificate(&packet)).await;
        assert_eq!(response.status(), status, "{version}, {hash}: {}", text(&response));
    }
}

/// Signatures that others put on an administrator's certificate neither help nor hurt.
#[tokio::test]
async fn signatures_of_others_do_not_matter() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let packets = split(&admin.packets());
    let (other, user_id) = (Signer::ed25519_legacy(), &packets[2]);
    assert_eq!(user_id.0, forge::USER_ID);
    let mut flooded = forge::packet(forge::KEY, &packets[0].1);
    flooded.extend(forge::packet(forge::USER_ID, &user_id.1));
    let primary = Signer::public(packets[0].1.to_vec());
    for number in 0..500_u32 {
        let signature = Sig::new(CERTIFICATION, &other)
            .with(20, &[&[0, 0, 0, 0, 0, 1, 0, 4, b'x'][..], &number.to_be_bytes()].concat());
        flooded.extend(forge::packet(forge::SIGNATURE, &signature.over_user_id(&primary, &user_id.1, &other)));
    }
    submit(&world, &flooded).await;
    assert_eq!(signed_at(&world, &admin, today()).await, 200);
}
