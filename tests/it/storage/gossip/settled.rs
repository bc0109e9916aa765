//! Digests not to fetch again.

use std::time::Duration;

use hockeypuck::domain::{Digest, Fingerprint, Profile};
use hockeypuck::storage::gossip::{OfferCounts, Settled, Verdict};

use super::{claim, digests, offer, sorted};
use crate::support::records::{sample, v4};
use crate::support::store::{World, on_both_engines};

fn settled(digest: Digest, reason: Verdict, fingerprint: Option<Fingerprint>) -> Settled {
    Settled { digest, profile: Profile::V23, reason, fingerprint }
}

on_both_engines! {
    /// What is settled leaves the queue, is not queued again by anybody, and is listed with its reason.
    async fn settled_digests_leave(world: World) {
        let gossip = world.store.gossip();
        let all = sorted(digests(0..4));
        offer(&world, "a", &all).await;
        offer(&world, "b", &all).await;
        let rows = [
            settled(all[2], Verdict::Rejected("version".into()), None),
            settled(all[0], Verdict::Missing, None),
            settled(all[0], Verdict::Differs, Some(v4(1))),
        ];
        gossip.settle(&rows).await.unwrap();
        assert_eq!(claim(&world, "u", "a").await, [all[1], all[3]]);
        let counts = offer(&world, "c", &all).await;
        assert_eq!(counts, OfferCounts { settled: 2, queued: 2, ..OfferCounts::default() });
        assert_eq!(gossip.settled(None, 10).await.unwrap(), [rows[2].clone(), rows[0].clone()]);
        assert_eq!(gossip.settled(Some(all[0]), 10).await.unwrap(), [rows[0].clone()]);
        assert_eq!(gossip.settled(None, 1).await.unwrap().len(), 1);
        gossip.settle(&[settled(all[0], Verdict::Blocked, Some(v4(2)))]).await.unwrap();
        let ledger = gossip.ledger(10).await.unwrap();
        assert_eq!(ledger.settled, [(Verdict::Blocked, 1), (Verdict::Rejected("version".into()), 1)]);
        gossip.settle(&[]).await.unwrap();
    }
}

on_both_engines! {
    /// What was settled with a fingerprint is fetched again once the fingerprint is unblocked or the certificate deleted.
    async fn fingerprints_open_again(world: World) {
        let gossip = world.store.gossip();
        let all = digests(0..4);
        world.put(&[sample(1).new_put()]).await;
        let rows = [
            settled(all[0], Verdict::Differs, Some(v4(1))),
            settled(all[1], Verdict::Blocked, Some(v4(2))),
            settled(all[2], Verdict::Blocked, Some(v4(2))),
            settled(all[3], Verdict::Blocked, None),
        ];
        gossip.settle(&rows).await.unwrap();
        assert_eq!(gossip.unsettle(&[v4(2), v4(3)]).await.unwrap(), 2);
        assert_eq!(offer(&world, "a", &all).await.queued, 2);
        assert_eq!(world.store.remove(&[v4(1)]).await.unwrap(), [v4(1)]);
        assert_eq!(offer(&world, "a", &all).await, OfferCounts { settled: 1, known: 2, queued: 1, ..OfferCounts::default() });
    }
}

on_both_engines! {
    /// What was settled long ago is tried again: the rules may have changed.
    async fn settled_digests_expire(world: World) {
        let gossip = world.store.gossip();
        let rows: Vec<_> = digests(0..5).into_iter().map(|digest| settled(digest, Verdict::Differs, None)).collect();
        gossip.settle(&rows).await.unwrap();
        world.execute("UPDATE settled SET at = at - 86400000").await;
        gossip.settle(&rows[..1]).await.unwrap();
        let day = Duration::from_secs(86_000);
        assert_eq!(gossip.prune_settled(day, 3).await.unwrap(), 3);
        assert_eq!(gossip.prune_settled(day, 3).await.unwrap(), 1);
        assert_eq!(gossip.prune_settled(day, 3).await.unwrap(), 0);
        assert_eq!(gossip.settled(None, 10).await.unwrap(), rows[..1]);
    }
}
