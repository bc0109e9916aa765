//! The change log on PostgreSQL, where several programs write at once.

use std::time::Duration;

use sqlx::postgres::PgListener;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::support::records::{sample, v4};
use crate::support::store::World;

/// Somebody who has taken a position in the log and does not commit yet must not be overtaken: a reader that
/// has seen a later position would never look at the earlier one.
#[tokio::test(flavor = "multi_thread")]
async fn late_committers_are_not_skipped() {
    let world = World::postgres().await;
    world.put(&[sample(1).new_put()]).await;
    let mut seen = world.log().await;
    // What a write does, up to its commit.
    let mut slow = PgConnection::connect(&world.url).await.unwrap();
    slow.execute("BEGIN").await.unwrap();
    let lock = i64::from_be_bytes(*b"hkp:log\0");
    slow.execute(sqlx::AssertSqlSafe(format!("SELECT pg_advisory_xact_lock({lock})"))).await.unwrap();
    let insert = "INSERT INTO changes (profile, sign, digest, fingerprint) \
         VALUES (24, 1, decode(repeat('ab', 16), 'hex'), decode(repeat('cd', 20), 'hex')) RETURNING seq";
    let early: i64 = sqlx::query_scalar(insert).fetch_one(&mut slow).await.unwrap();

    let store = world.store.clone();
    let fast = tokio::spawn(async move { store.put(&[sample(2).new_put(), sample(3).new_put()]).await });
    world.wait_for_waiting_statements(1).await;
    let last = |changes: &[hockeypuck::domain::Change]| changes.last().map_or(0, |change| change.seq);
    let meanwhile = world.store.changes(last(&seen), 100).await.unwrap();
    assert!(meanwhile.iter().all(|change| change.seq < early), "{meanwhile:?}");
    seen.extend(meanwhile);

    slow.execute("COMMIT").await.unwrap();
    fast.await.unwrap().unwrap();
    seen.extend(world.store.changes(last(&seen), 100).await.unwrap());
    assert_eq!(seen, world.log().await);
    assert!(seen.iter().any(|change| change.seq == early));
    assert_eq!(seen.len(), 7);
}

/// A reader that follows the log while many write sees every row exactly once and in order.
#[tokio::test(flavor = "multi_thread")]
async fn followers_miss_nothing() {
    const WRITERS: u32 = 6;
    const BATCHES: u32 = 15;
    const BATCH: u32 = 4;
    let world = World::postgres().await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = world.store.clone();
            tokio::spawn(async move {
                for batch in 0..BATCHES {
                    let first = (writer * BATCHES + batch) * BATCH;
                    let puts: Vec<_> = (first..first + BATCH).map(|n| sample(n).new_put()).collect();
                    store.put(&puts).await.unwrap();
                }
            })
        })
        .collect();
    let expected = usize::try_from(2 * WRITERS * BATCHES * BATCH).unwrap();
    let mut seen = Vec::new();
    let following = tokio::time::timeout(Duration::from_secs(120), async {
        while seen.len() < expected {
            let after = seen.last().map_or(0, |change: &hockeypuck::domain::Change| change.seq);
            seen.extend(world.store.changes(after, 50).await.unwrap());
        }
    });
    following.await.expect("all rows are seen");
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(seen, world.log().await);
    world.assert_log_leads_to_digests().await;
}

/// Every committed change wakes those who listen; one that changes nothing does not.
#[tokio::test(flavor = "multi_thread")]
async fn changes_notify() {
    let world = World::postgres().await;
    let mut listener = PgListener::connect(&world.url).await.unwrap();
    listener.listen(hockeypuck::storage::postgres::CHANGES_CHANNEL).await.unwrap();
    assert_eq!(hockeypuck::storage::postgres::CHANGES_CHANNEL, "hockeypuck_changes");
    world.put(&[sample(1).new_put()]).await;
    listener.recv().await.unwrap();
    world.put(&[sample(1).new_put()]).await;
    world.store.remove(&[v4(9)]).await.unwrap();
    world.store.remove(&[v4(1)]).await.unwrap();
    listener.recv().await.unwrap();
    assert!(listener.next_buffered().is_none());
}

/// Who blocks a certificate takes the blocklist's lock: a write that has looked at the blocklist before is waited
/// for, so that it can be deleted, and a later one sees the block.
#[tokio::test(flavor = "multi_thread")]
async fn blocks_and_writes_are_serial() {
    let world = World::postgres().await;
    let mut blocker = PgConnection::connect(&world.url).await.unwrap();
    let lock = i64::from_be_bytes(*b"hkp:blkl");
    blocker.execute("BEGIN").await.unwrap();
    blocker.execute(sqlx::AssertSqlSafe(format!("SELECT pg_advisory_xact_lock({lock})"))).await.unwrap();
    let store = world.store.clone();
    let put = tokio::spawn(async move { store.put(&[sample(1).new_put()]).await });
    world.wait_for_waiting_statements(1).await;
    let (literal, _) = world.blob_and_expiry(v4(1).as_bytes(), false);
    let block = format!("INSERT INTO blocked (fingerprint, comment, actor) VALUES ({literal}, 'c', 'a')");
    blocker.execute(sqlx::AssertSqlSafe(block)).await.unwrap();
    blocker.execute("COMMIT").await.unwrap();
    assert_eq!(put.await.unwrap().unwrap(), [hockeypuck::storage::PutOutcome::Blocked]);
}
