//! Passes over the tables: the first, those after it, and who works on them.

use std::time::Duration;

use hockeypuck::keyring::adopt::TurnEnd;
use hockeypuck::storage::adopt::Tally;
use tokio_util::sync::CancellationToken;

use super::world::{World, importer, turn, unit};
use crate::support::forge::{Forged, Signer};
use crate::support::hockeypuck::{RELEASES, Release, certificate, certificates};

/// Everything is taken over with its digest, the account is right, and nothing of Hockeypuck's is touched, in any
/// of its versions.
#[tokio::test(flavor = "multi_thread")]
async fn all_is_taken_over() {
    for release in RELEASES {
        let world = World::new(release, &certificates(300)).await;
        let before = world.source.checksum().await;
        let pass = world.adopt().await;
        let tally = Tally { read: 300, inserted: 300, ..Tally::default() };
        assert_eq!((pass.tally, pass.total, pass.is_partial), (tally, 300, false), "{release:?}");
        assert!(pass.adds_up() && !pass.is_open(), "{release:?} {pass:?}");
        world.assert_stored(&world.rows).await;
        assert!(!world.keyring.is_adopting());
        assert_eq!(world.source.checksum().await, before, "{release:?}");
    }
}

/// The next start reads what Hockeypuck added or changed meanwhile, merges it, and reads nothing when there is nothing.
#[tokio::test(flavor = "multi_thread")]
async fn later_rows_are_taken_over() {
    let key = Signer::ed25519_legacy();
    let first: Vec<Vec<u8>> = (0..20).map(|n| certificate(&key, None, n)).collect();
    let world = World::new(Release::V24, &first).await;
    world.source.run("UPDATE keys SET mtime = now() - interval '10 days'").await;
    world.adopt().await;
    // Nothing happened.
    assert_eq!(world.adopt().await.pass, 1);
    // Hockeypuck adds a certificate and changes another, which changed here, too.
    let mut changed = Forged::bare(key.made_at(1_500_000_003));
    changed.user_id(b"Anne 3 Example <anne3@example.org>").user_id(b"<there@example.org>");
    let mut here = Forged::bare(key.made_at(1_500_000_003));
    here.user_id(b"<here@example.org>");
    world.keyring.submit(here.octets().into()).await.unwrap();
    let added = world.source.put(&[changed.octets(), certificate(&key, None, 100)]).await;
    let (_, next) = unit(&world.source.url).await;
    assert!(next.is_adopting(), "known at once, for lookups");
    let pass = world.adopt().await;
    let tally = Tally { read: 2, inserted: 1, updated: 1, ..Tally::default() };
    assert_eq!((pass.tally, pass.is_partial), (tally, true));
    assert!(pass.adds_up(), "{pass:?}");
    world.assert_stored(&added[1..]).await;
    for address in ["anne3", "there", "here"] {
        let search = hockeypuck::domain::Search::Email(format!("{address}@example.org"));
        assert_eq!(world.keyring.certificates(&search).await.unwrap().len(), 1, "{address}");
    }
}

/// Hockeypuck may write times that are hours off: rows behind the last time are compared, too.
#[tokio::test(flavor = "multi_thread")]
async fn times_that_are_off_hide_nothing() {
    let world = World::new(Release::V24, &certificates(10)).await;
    world.adopt().await;
    let late = world.source.put(&certificates(1)).await;
    let statement = format!("UPDATE keys SET mtime = now() - interval '14 hours' WHERE md5 = '{}'", late[0].md5);
    world.source.run(&statement).await;
    let pass = world.adopt().await;
    assert_eq!(pass.tally, Tally { read: 11, inserted: 1, unchanged: 10, ..Tally::default() });
    world.assert_stored(&late).await;
    assert_eq!(world.adopt().await.pass, pass.pass, "compared once");
}

/// Two units share the work, one at a time: everything is counted once.
#[tokio::test(flavor = "multi_thread")]
async fn two_units_share_the_work() {
    let world = World::new(Release::V24, &certificates(600)).await;
    let (_, other) = unit(&world.source.url).await;
    let work = |keyring, name: &'static str| {
        tokio::spawn(async move {
            loop {
                match turn(&keyring, name).await {
                    TurnEnd::Finished => return,
                    _ if !keyring.refresh_adoption().await.unwrap() => return,
                    _ => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        })
    };
    let (one, two) = (work(world.keyring.clone(), "one"), work(other, "two"));
    one.await.unwrap();
    two.await.unwrap();
    let pass = world.pass().await;
    assert_eq!(pass.tally, Tally { read: 600, inserted: 600, ..Tally::default() });
    assert!(pass.adds_up() && !pass.is_open(), "{pass:?}");
}

/// While one unit's lease runs the others wait; when it runs out they go on where that unit was.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_unit_is_replaced() {
    let world = World::new(Release::V24, &certificates(200)).await;
    let (_, dying) = unit(&world.source.url).await;
    let adoption = world.store.adoption();
    let taken = dying.store().adoption().take_turn("dying", Duration::from_secs(3600), false).await.unwrap().unwrap();
    assert_eq!(turn(&world.keyring, "heir").await, TurnEnd::NotOurs);
    assert_eq!(world.pass().await.unit.as_deref(), Some("dying"));
    world.source.run("UPDATE adoptions SET lease_until = now()").await;
    assert_eq!(turn(&world.keyring, "heir").await, TurnEnd::Finished);
    assert!(!adoption.renew(taken.pass, "dying", Duration::from_secs(1)).await.unwrap());
    assert!(!adoption.finish(taken.pass, "dying").await.unwrap());
    assert_eq!(world.pass().await.tally.read, 200);
}

/// A unit that is asked to stop gives its turn back at once, and the next one goes on there.
#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_given_back() {
    let world = World::new(Release::V24, &certificates(200)).await;
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(importer(&world.keyring, "one").turn(false, &stop).await.unwrap(), TurnEnd::Stopped);
    assert_eq!(turn(&world.keyring, "two").await, TurnEnd::Finished);
    assert!(world.pass().await.adds_up());
}

/// Hockeypuck may drop its tables, or an operator may: there is nothing to take over then, and no error.
#[tokio::test(flavor = "multi_thread")]
async fn tables_may_go() {
    let world = World::new(Release::V24, &certificates(2)).await;
    world.source.run("DROP TABLE userids, subkeys, keys, pks_status").await;
    assert!(!world.keyring.refresh_adoption().await.unwrap());
    assert_eq!(turn(&world.keyring, "unit").await, TurnEnd::NotOurs);
    assert!(!world.keyring.find_changed_rows().await.unwrap());
}
