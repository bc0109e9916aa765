//! Putting a certificate in the place of what is stored.

use hockeypuck::domain::{Profile, Sign};
use hockeypuck::storage::{Put, PutOutcome};

use super::super::world::{World, text};
use super::{fingerprint, long_ago, post, submit, today, world_of};
use crate::support::administrator::{Administrator, armored_certificate};
use crate::support::certificates::{certificates, normalise};
use crate::support::certs;

fn replacement(packets: &[u8]) -> String {
    format!("/pks/replace\n{}", armored_certificate(packets))
}

async fn replace(world: &World, admin: &Administrator, packets: &[u8]) -> (u16, String) {
    let request = replacement(packets);
    let response = post(world, "/pks/replace", &request, &admin.sign(&request, today())).await;
    (response.status().as_u16(), text(&response).to_owned())
}

/// What is stored afterwards is what would be stored of the supplied certificate alone, with its digest in the log;
/// what was merged with the old form cannot be written any more.
#[tokio::test]
async fn nothing_of_the_old_form_stays() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let cert = certs::small("<kept@example.org>");
    let with_more = cert.with_each_user_id("more", 3);
    for packets in &with_more {
        submit(&world, packets).await;
    }
    let id = fingerprint(&cert).parse().unwrap();
    let [old] = &world.store.merge_bases(&[id]).await.unwrap()[..] else { panic!("it is stored") };
    let stale = Put { record: normalise(&old.packets).unwrap(), base: Some(old.revision) };
    let expected = normalise(&cert.packets()).unwrap();
    assert_ne!(old.packets, expected.packets);
    let seen = world.store.changes(0, 1000).await.unwrap().last().unwrap().seq;

    let answer = replace(&world, &admin, &cert.packets()).await;
    let named = format!("{{\"version\":4,\"fingerprint\":\"{}\"}}", fingerprint(&cert));
    assert_eq!(answer, (200, format!("{{\"updated\":[{named}]}}\n")));

    let [new] = &world.store.merge_bases(&[id]).await.unwrap()[..] else { panic!("it is stored") };
    assert_eq!(new.packets, expected.packets);
    assert_eq!(world.get("/pks/lookup?op=get&search=more1@example.org").await.status(), 404);
    assert_eq!(world.get("/pks/lookup?op=get&search=kept@example.org").await.status(), 200);
    let old_digests = stale.record.digests;
    let log = world.store.changes(seen, 1000).await.unwrap();
    let log: Vec<_> = log.iter().map(|change| (change.profile, change.sign, change.digest)).collect();
    let rows = |profile| {
        [
            (profile, Sign::Minus, old_digests.of(profile).unwrap()),
            (profile, Sign::Plus, expected.digests.of(profile).unwrap()),
        ]
    };
    assert_eq!(log, [rows(Profile::V23), rows(Profile::V24)].concat());
    assert_eq!(world.store.put(&[stale]).await.unwrap(), [PutOutcome::Conflict]);
}

/// What was not there is inserted; several are replaced together.
#[tokio::test]
async fn unknown_certificates_are_inserted() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let [new, known] = [certs::small("<new@example.org>"), certs::small("<known@example.org>")];
    submit(&world, &known.packets()).await;
    let (status, said) = replace(&world, &admin, &[new.packets(), known.packets()].concat()).await;
    let named = |cert| format!("[{{\"version\":4,\"fingerprint\":\"{}\"}}]", fingerprint(cert));
    assert_eq!((status, said), (200, format!("{{\"inserted\":{},\"updated\":{}}}\n", named(&new), named(&known))));
}

/// One certificate that cannot be stored, or is blocked, keeps all from being replaced; the reason is told.
#[tokio::test]
async fn all_or_nothing() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let [good, bad] = [certs::small("<good@example.org>"), certs::small("<bad@example.org>")];
    submit(&world, &good.packets()).await;
    let more = good.with_each_user_id("more", 1).swap_remove(0);
    let bare = certificates(&bad.packets())[0][..53].to_vec();
    for (bad, words) in [(bare, "valid self-signatures"), (good.packets(), "twice"), (vec![0x7f], "cannot be read")] {
        let (status, said) = replace(&world, &admin, &[more.clone(), bad].concat()).await;
        assert_eq!(status, 422, "{said}");
        assert!(said.contains(words), "{said}");
    }
    let blocked = fingerprint(&bad).parse().unwrap();
    let wish = hockeypuck::keyring::block::Wish { fingerprints: &[blocked], comment: "", actor: "test" };
    world.keyring.block(wish, None).await.unwrap();
    let (status, said) = replace(&world, &admin, &[more, bad.packets()].concat()).await;
    assert_eq!(status, 422, "{said}");
    assert!(said.contains("blocked"), "{said}");
    assert_eq!(world.get("/pks/lookup?op=get&search=more0@example.org").await.status(), 404);
}
