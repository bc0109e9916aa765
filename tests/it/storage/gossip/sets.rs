//! The sets of digests, and how much of the log is kept.

use std::time::Duration;

use hockeypuck::domain::Profile;
use hockeypuck::storage::gossip::{DigestSets, PruneLog, PushState, UnitReport};

use crate::support::records::{digest, sample, v4};
use crate::support::store::{World, on_both_engines};

const EVERYTHING: PruneLog = PruneLog { age: Duration::ZERO, silence: Duration::from_secs(3600), limit: 1000 };

on_both_engines! {
    /// Each profile's digests come in their order, with the position that they belong to.
    async fn sets_are_exact(world: World) {
        let gossip = world.store.gossip();
        assert_eq!(gossip.digest_sets().await.unwrap(), DigestSets::default());
        let mut puts: Vec<_> = (0..50).map(|n| sample(n).new_put()).collect();
        let (a, b, c) = (digest(50, 1), digest(51, 1), digest(51, 2));
        puts.push(sample(50).digests(None, Some(a)).new_put());
        puts.push(sample(51).digests(Some(b), Some(c)).new_put());
        puts.push(sample(52).digests(None, None).new_put());
        world.put(&puts).await;
        world.store.remove(&[v4(7)]).await.unwrap();
        let sets = gossip.digest_sets().await.unwrap();
        assert_eq!(sets.position, world.log().await.last().unwrap().seq);
        assert_eq!(sets.position, gossip.log_end().await.unwrap());
        let common: Vec<_> = (0..50).filter(|n| *n != 7).map(|n| digest(n, 0)).collect();
        let with = |more: &[_]| {
            let mut all = [&common[..], more].concat();
            all.sort();
            all
        };
        assert_eq!(sets.v23, with(&[b]));
        assert_eq!(sets.of(Profile::V24), with(&[a, c]));
    }
}

/// PostgreSQL answers the same from the indexes of a table that was vacuumed, and from the table.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_reads_indexes_or_the_table() {
    let world = World::postgres().await;
    world
        .execute(
            "INSERT INTO certs (fingerprint, version, digest_v23, digest_v24, length, lists, legacy_form, summary, packets)
             SELECT sha256(int4send(n)), 6, CASE WHEN n % 3 > 0 THEN uuid_send(md5('23' || n)::uuid) END,
             CASE WHEN n % 3 < 2 THEN uuid_send(md5('24' || n)::uuid) END, 3, 0, 0, 's', repeat('p', 800)::bytea
             FROM generate_series(1, 30000) AS n",
        )
        .await;
    let scans =
        "SELECT coalesce(sum(idx_scan), 0)::bigint FROM pg_stat_user_indexes WHERE indexrelname LIKE 'certs_digest%'";
    let table = world.store.gossip().digest_sets().await.unwrap();
    // What was inserted is counted a little later, and must not be counted after the vacuum.
    let counted =
        async { while world.number("SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'certs'").await == 0 {} };
    tokio::time::timeout(Duration::from_secs(60), counted).await.expect("the rows are counted");
    let before = world.number(scans).await;
    let read = async {
        loop {
            // Not all that one vacuum leaves is visible to everybody when something else looks at the database.
            world.execute("VACUUM ANALYZE certs").await;
            let indexes = world.store.gossip().digest_sets().await.unwrap();
            if world.number(scans).await > before {
                return indexes;
            }
        }
    };
    // So is what was read.
    let indexes = tokio::time::timeout(Duration::from_secs(60), read).await.expect("the indexes are read");
    assert_eq!((table.v23.len(), table.v24.len()), (20_000, 20_000));
    assert!(table.v23.is_sorted_by(|a, b| a < b) && table.v24.is_sorted_by(|a, b| a < b));
    assert_eq!(indexes, table);
}

/// SQLite answers sets in pieces, and the seams do not show.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_reads_many() {
    let world = World::sqlite().await;
    world
        .execute(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 40000)
             INSERT INTO certs (fingerprint, version, digest_v23, length, lists, legacy_form, summary, packets)
             SELECT randomblob(32), 6, randomblob(16), 3, 0, 0, x'00', x'00' FROM numbers",
        )
        .await;
    let sets = world.store.gossip().digest_sets().await.unwrap();
    assert_eq!((sets.v23.len(), sets.v24.len()), (40_000, 0));
    assert!(sets.v23.is_sorted_by(|a, b| a < b));
}

on_both_engines! {
    /// Nothing goes that a living unit or a target of pushes has yet to read; what goes, goes from the oldest on in steps.
    async fn readers_keep_the_log(world: World) {
        let gossip = world.store.gossip();
        world.put(&(0..10).map(|n| sample(n).new_put()).collect::<Vec<_>>()).await;
        let log = world.log().await;
        assert_eq!(log.len(), 20);
        let at = |index: usize| Some(log[index].seq);
        let report = |unit, position| UnitReport { unit, position, state: b"" };
        gossip.unit_seen(report("ahead", at(15))).await.unwrap();
        gossip.unit_seen(report("behind", at(9))).await.unwrap();
        gossip.unit_seen(report("building", None)).await.unwrap();
        gossip.put_push_state("target", &PushState { position: log[4].seq, ..PushState::default() }).await.unwrap();
        assert_eq!(gossip.prune_changes(EVERYTHING).await.unwrap(), 5);
        assert_eq!(gossip.log_floor().await.unwrap(), log[4].seq);
        world.execute("UPDATE push_targets SET seen_at = seen_at - 3700000").await;
        assert_eq!(gossip.prune_changes(PruneLog { limit: 3, ..EVERYTHING }).await.unwrap(), 3);
        assert_eq!(gossip.prune_changes(PruneLog { limit: 3, ..EVERYTHING }).await.unwrap(), 2);
        assert_eq!(gossip.prune_changes(EVERYTHING).await.unwrap(), 0);
        assert_eq!(world.log().await, log[10..]);
        assert_eq!(gossip.log_floor().await.unwrap(), log[9].seq);
        gossip.unit_gone("behind").await.unwrap();
        assert_eq!(gossip.prune_changes(PruneLog { age: Duration::from_secs(3600), ..EVERYTHING }).await.unwrap(), 0);
        assert_eq!(gossip.prune_changes(EVERYTHING).await.unwrap(), 6);
    }
}

on_both_engines! {
    /// The position of the sets is never below what was pruned, or a follower would rebuild for ever.
    async fn an_empty_log_has_a_position(world: World) {
        let gossip = world.store.gossip();
        world.put(&[sample(1).new_put()]).await;
        let last = world.log().await.last().unwrap().seq;
        assert_eq!(gossip.prune_changes(EVERYTHING).await.unwrap(), 2);
        assert_eq!(world.log().await, []);
        let sets = gossip.digest_sets().await.unwrap();
        assert_eq!((sets.position, sets.v24.len()), (last, 1));
        assert_eq!(gossip.log_floor().await.unwrap(), last);
        world.put(&[sample(2).new_put()]).await;
        assert!(world.log().await[0].seq > last);
    }
}
