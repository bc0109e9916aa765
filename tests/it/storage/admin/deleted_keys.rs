//! The charm's table, which PostgreSQL has beside the blocklist.

use std::sync::Arc;

use hockeypuck::keyring::block::TakenOver;
use hockeypuck::keyring::{Keyring, Settings};
use hockeypuck::storage::PutOutcome::{Blocked, Inserted};
use hockeypuck::storage::admin::{Block, CHARM};
use hockeypuck::telemetry::KeyringMetrics;
use prometheus::Registry;

use super::{block, offer, unblock};
use crate::support::records::{digest, sample, v4, v6};
use crate::support::store::World;

const ROWS: &str = "SELECT fingerprint || '|' || comment FROM deleted_keys ORDER BY fingerprint COLLATE \"C\"";

fn keyring(world: &World) -> Keyring {
    let metrics = KeyringMetrics::register(&Registry::new()).unwrap();
    Keyring::new(Arc::clone(&world.store), Settings::default(), metrics)
}

async fn insert(world: &World, fingerprint: &str, comment: &str) {
    world.execute(&format!("INSERT INTO deleted_keys VALUES ('{fingerprint}', '{comment}')")).await;
}

/// Rows that the older image wrote become blocks: the certificate goes, is logged and settled, and who wrote it is told.
/// Rows without a fingerprint are skipped and left alone, and doing it again changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_taken_over() {
    let world = World::postgres().await;
    let keyring = keyring(&world);
    world.put(&[sample(1).new_put(), sample(2).new_put(), sample(3).fingerprint(v6(3)).new_put()]).await;
    insert(&world, &v4(1).to_string(), "gdpr").await;
    insert(&world, &v6(3).to_string().to_uppercase(), "gdpr").await;
    insert(&world, &v4(4).to_string(), "other").await;
    for (number, malformed) in ["", "abcd", &"zz".repeat(20), &format!("0x{}", v4(9))].iter().enumerate() {
        insert(&world, malformed, &number.to_string()).await;
    }
    assert_eq!(keyring.take_over_deleted_keys().await.unwrap(), TakenOver { blocked: 3, skipped: 4 });
    assert_eq!(world.store.count().await.unwrap(), 1);
    world.assert_log_leads_to_digests().await;
    assert_eq!(offer(&world, &[digest(1, 0), digest(3, 0)]).await.settled, 2);
    let blocks = world.store.admin().blocks(None, 9).await.unwrap();
    let mut told: Vec<_> =
        blocks.iter().map(|one| (one.fingerprint, one.actor.as_str(), one.comment.as_str())).collect();
    told.sort();
    let mut expected = vec![(v4(1), CHARM, "gdpr"), (v6(3), CHARM, "gdpr"), (v4(4), CHARM, "other")];
    expected.sort();
    assert_eq!(told, expected);
    let rows = world.texts(ROWS).await;
    assert_eq!(keyring.take_over_deleted_keys().await.unwrap(), TakenOver { blocked: 0, skipped: 4 });
    assert_eq!(world.texts(ROWS).await, rows);
    assert_eq!(world.store.admin().blocks(None, 9).await.unwrap(), blocks);
}

/// What is blocked here stands in the charm's table too, in its form, until it is unblocked, so that one can go back.
#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_written_into_it() {
    let world = World::postgres().await;
    let admin = world.store.admin();
    admin.block(&block(&[v4(1), v6(2)], "here")).await.unwrap();
    let mut expected = vec![format!("{}|here", v4(1)), format!("{}|here", v6(2))];
    expected.sort();
    assert_eq!(world.texts(ROWS).await, expected);
    admin.block(&block(&[v4(1)], "again")).await.unwrap();
    assert!(world.texts(ROWS).await.contains(&format!("{}|again", v4(1))));
    admin.unblock(&unblock(&[v4(1)])).await.unwrap();
    assert_eq!(world.texts(ROWS).await, [format!("{}|here", v6(2))]);
    // What was blocked before there was such a table, or was deleted from it, is put into it.
    world.execute("DELETE FROM deleted_keys").await;
    keyring(&world).take_over_deleted_keys().await.unwrap();
    assert_eq!(world.texts(ROWS).await, [format!("{}|here", v6(2))]);
}

/// A row that is unblocked does not come back as a block at the next start, in whatever case the older image wrote it.
#[tokio::test(flavor = "multi_thread")]
async fn unblocked_rows_do_not_return() {
    let world = World::postgres().await;
    let keyring = keyring(&world);
    insert(&world, &v4(1).to_string().to_uppercase(), "").await;
    keyring.take_over_deleted_keys().await.unwrap();
    assert_eq!(world.put(&[sample(1).new_put()]).await, [Blocked]);
    world.store.admin().unblock(&unblock(&[v4(1)])).await.unwrap();
    assert_eq!(keyring.take_over_deleted_keys().await.unwrap(), TakenOver::default());
    assert_eq!(world.put(&[sample(1).new_put()]).await, [Inserted]);
}

/// The row of a block that ended here is no word of the charm; one that the older image writes afterwards is.
#[tokio::test(flavor = "multi_thread")]
async fn ended_blocks_are_not_taken_over() {
    let world = World::postgres().await;
    let (keyring, admin) = (keyring(&world), world.store.admin());
    admin.block(&Block { expires_at: Some(i64::from(u32::MAX)), ..block(&[v4(1)], "a while") }).await.unwrap();
    world.execute("UPDATE blocked SET expires_at = now() - interval '1 hour'").await;
    assert_eq!(keyring.take_over_deleted_keys().await.unwrap(), TakenOver::default());
    assert_eq!(admin.release_ended(9).await.unwrap(), 1);
    assert!(world.texts(ROWS).await.is_empty());
    insert(&world, &v4(1).to_string(), "gdpr").await;
    assert_eq!(keyring.take_over_deleted_keys().await.unwrap(), TakenOver { blocked: 1, skipped: 0 });
    assert_eq!(world.put(&[sample(1).new_put()]).await, [Blocked]);
}

/// More rows than are read at once are all taken over.
#[tokio::test(flavor = "multi_thread")]
async fn many_rows_are_taken_over() {
    let world = World::postgres().await;
    world.execute("INSERT INTO deleted_keys SELECT encode(sha256(int4send(n)), 'hex'), 'bulk' FROM generate_series(1, 2500) AS n").await;
    assert_eq!(keyring(&world).take_over_deleted_keys().await.unwrap(), TakenOver { blocked: 2500, skipped: 0 });
    assert_eq!(world.store.admin().blocked_count().await.unwrap(), 2500);
}

/// SQLite has no such table, and does as well without.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_has_none() {
    let world = World::sqlite().await;
    world.store.admin().block(&block(&[v4(1)], "")).await.unwrap();
    assert_eq!(keyring(&world).take_over_deleted_keys().await.unwrap(), TakenOver::default());
    assert_eq!(world.store.admin().unblock(&unblock(&[v4(1)])).await.unwrap(), [v4(1)]);
}
