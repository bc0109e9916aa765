//! Several units on one PostgreSQL at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hockeypuck::domain::{Change, Digest, Profile, Sign};
use hockeypuck::storage::gossip::{DigestSets, Settled, Verdict};

use super::{LEASE, NO_CAP, claimer, digests, miss};
use crate::support::records::{sample, v4};
use crate::support::store::World;

const PARTNERS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// No digest is ever in the hands of two claimers, whoever offers it, while claims end in every way; all get
/// done, and no two transactions wait for each other in a circle.
#[tokio::test(flavor = "multi_thread")]
async fn no_digest_is_held_twice() {
    const CLAIMERS: usize = 8;
    let world = World::postgres().await;
    let all = digests(0..400);
    for partner in PARTNERS {
        world.store.gossip().offer(partner, Profile::V24, &all, NO_CAP).await.unwrap();
    }
    let held: Arc<Mutex<HashSet<Digest>>> = Arc::default();
    let done: Arc<Mutex<HashSet<Digest>>> = Arc::default();
    let claimers: Vec<_> = (0..CLAIMERS)
        .map(|n| {
            let (store, held, done, all) = (world.store.clone(), held.clone(), done.clone(), all.clone());
            tokio::spawn(async move {
                let (gossip, unit) = (store.gossip(), format!("unit {}", n / 2));
                for round in n.. {
                    if done.lock().unwrap().len() == all.len() {
                        return;
                    }
                    let who = claimer(&unit, PARTNERS[round % PARTNERS.len()]);
                    let claimed = gossip.claim(who, 13, LEASE).await.unwrap();
                    let mine: Vec<Digest> = claimed.iter().map(|one| one.digest).collect();
                    for digest in &mine {
                        assert!(held.lock().unwrap().insert(*digest), "{digest} is held twice");
                        assert!(!done.lock().unwrap().contains(digest), "{digest} is done");
                    }
                    tokio::task::yield_now().await;
                    let (good, bad) = mine.split_at(mine.len().div_ceil(2));
                    mine.iter().for_each(|digest| assert!(held.lock().unwrap().remove(digest)));
                    let misses: Vec<_> =
                        bad.iter().map(|digest| miss(*digest, Verdict::Missing, Some(Duration::ZERO))).collect();
                    gossip.missed(who, &misses).await.unwrap();
                    done.lock().unwrap().extend(good);
                    if round % 2 == 0 {
                        gossip.resolved(good).await.unwrap();
                    } else {
                        let settled = |digest: &Digest| Settled {
                            digest: *digest,
                            profile: Profile::V24,
                            reason: Verdict::Differs,
                            fingerprint: None,
                        };
                        gossip.settle(&good.iter().map(settled).collect::<Vec<_>>()).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for claimer in claimers {
        tokio::time::timeout(Duration::from_secs(120), claimer).await.expect("the queue gets empty").unwrap();
    }
    assert_eq!(world.number("SELECT count(*) FROM recovery").await, 0);
    assert_eq!(world.number("SELECT count(*) FROM recovery_offers").await, 0);
    assert_no_deadlocks(&world).await;
}

/// Offers of the same digests by five partners at the same moment make one row each, whatever order they come in,
/// while others take digests out; nothing is left half-way.
#[tokio::test(flavor = "multi_thread")]
async fn offers_meet() {
    let world = World::postgres().await;
    let all = digests(0..6000);
    let mut tasks: Vec<_> = PARTNERS
        .iter()
        .enumerate()
        .map(|(n, partner)| {
            let store = world.store.clone();
            let mut mine = all.clone();
            mine.rotate_left(n * 1000);
            tokio::spawn(async move {
                let counts = store.gossip().offer(partner, Profile::V24, &mine, NO_CAP).await.unwrap();
                assert_eq!(counts.queued, 6000, "{counts:?}");
            })
        })
        .collect();
    for task in tasks.drain(..) {
        task.await.unwrap();
    }
    assert_eq!(world.number("SELECT count(*) FROM recovery").await, 6000);
    assert_eq!(world.number("SELECT count(*) FROM recovery_offers").await, 30_000);
    for n in 0..6_usize {
        let (store, all) = (world.store.clone(), all.clone());
        tasks.push(tokio::spawn(async move {
            for round in 0..8 {
                let part: Vec<Digest> = all.iter().skip((n * 700 + round * 300) % 5000).take(900).copied().collect();
                if n % 2 == 0 {
                    store.gossip().resolved(&part).await.unwrap();
                } else {
                    store.gossip().offer(PARTNERS[n % PARTNERS.len()], Profile::V24, &part, NO_CAP).await.unwrap();
                    store.gossip().prune_offers(Duration::ZERO, 50).await.unwrap();
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let orphans = "SELECT count(*) FROM recovery_offers AS o FULL JOIN recovery AS r USING (digest) \
         WHERE o.partner IS NULL OR r.first_seen IS NULL";
    assert_eq!(world.number(orphans).await, 0);
    assert_no_deadlocks(&world).await;
}

/// Of several units that want the same turn one gets it.
#[tokio::test(flavor = "multi_thread")]
async fn one_unit_gets_the_turn() {
    let world = World::postgres().await;
    for round in 0..20 {
        world.execute("UPDATE partners SET next_due = 1").await;
        let units: Vec<_> = (0..8)
            .map(|n| {
                let store = world.store.clone();
                tokio::spawn(async move { store.gossip().lease_partner("a", &format!("unit {n}"), LEASE).await })
            })
            .collect();
        let mut turns = 0;
        for unit in units {
            turns += usize::from(unit.await.unwrap().unwrap());
        }
        assert_eq!(turns, 1, "round {round}");
    }
}

/// The sets that are read while many write, and the changes after their position, are together exactly the table:
/// no change is missing in both and none is in both.
#[tokio::test(flavor = "multi_thread")]
async fn sets_and_changes_are_the_whole() {
    const WRITERS: u32 = 8;
    const ROUNDS: u32 = 12;
    let world = World::postgres().await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = world.store.clone();
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    let first = (writer * ROUNDS + round) * 10;
                    let puts: Vec<_> = (first..first + 5).map(|n| sample(n).new_put()).collect();
                    store.put(&puts).await.unwrap();
                    let over: Vec<_> = (first..first + 3).map(|n| sample(n).generation(1).put_over(1)).collect();
                    store.put(&over).await.unwrap();
                    store.remove(&[v4(first + 1), v4(first + 4)]).await.unwrap();
                }
            })
        })
        .collect();
    let mut snapshots = vec![world.store.gossip().digest_sets().await.unwrap()];
    while writers.iter().any(|writer| !writer.is_finished()) {
        snapshots.push(world.store.gossip().digest_sets().await.unwrap());
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let log = world.log().await;
    let mut expected: Vec<(Profile, Digest)> = Vec::new();
    for (_, digests) in world.store.digests(None, 1_000_000).await.unwrap() {
        expected.extend(Profile::ALL.into_iter().filter_map(|profile| Some((profile, digests.of(profile)?))));
    }
    expected.sort();
    assert_eq!(expected.len(), usize::try_from(WRITERS * ROUNDS * 3 * 2).unwrap());
    let positions: HashSet<i64> = snapshots.iter().map(|sets| sets.position).collect();
    assert!(positions.len() > 3, "the snapshots were not taken during the writes: {positions:?}");
    for sets in snapshots {
        assert_eq!(followed(&sets, &log), expected, "from {}", sets.position);
    }
}

/// Everything in the sets after the changes behind their position, each of which must change something.
fn followed(sets: &DigestSets, log: &[Change]) -> Vec<(Profile, Digest)> {
    let mut all: HashSet<(Profile, Digest)> = HashSet::new();
    for profile in Profile::ALL {
        assert!(sets.of(profile).is_sorted_by(|a, b| a < b));
        all.extend(sets.of(profile).iter().map(|digest| (profile, *digest)));
    }
    for change in log.iter().filter(|change| change.seq > sets.position) {
        let entry = (change.profile, change.digest);
        let is_right = match change.sign {
            Sign::Plus => all.insert(entry),
            Sign::Minus => all.remove(&entry),
        };
        assert!(is_right, "{change:?} is out of turn after {}", sets.position);
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort();
    all
}

/// Connections report what happened to them when they end, at the latest.
async fn assert_no_deadlocks(world: &World) {
    world.store.close().await;
    let connected = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
         AND backend_type = 'client backend'";
    let gone = async { while world.number(connected).await > 0 {} };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("connections end");
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(world.number(deadlocks).await, 0);
}
