//! The queue of digests to fetch.

use std::time::Duration;

use hockeypuck::domain::Profile;
use hockeypuck::storage::gossip::{CLAIM_LIMIT, LedgerRow, OFFER_CHUNK, OfferCounts, Settled, Verdict};

use super::{LEASE, NO_CAP, claim, claimer, digests, miss, offer, sorted};
use crate::support::records::{digest, sample};
use crate::support::store::{World, on_both_engines};

on_both_engines! {
    /// Only what is neither stored, in either profile, nor settled nor offered before is queued, and all is accounted for.
    async fn offers_are_sorted_out(world: World) {
        let (old, new) = (digest(500, 1), digest(500, 2));
        world.put(&[sample(1).new_put(), sample(500).digests(Some(old), Some(new)).new_put()]).await;
        let one = digests(0..1)[0];
        let settled = Settled { digest: one, profile: Profile::V23, reason: Verdict::Differs, fingerprint: None };
        world.store.gossip().settle(&[settled]).await.unwrap();
        let mut all = digests(0..5);
        all.extend([digest(1, 0), old, new]);
        all.extend(digests(3..5));
        let counts = offer(&world, "a", &all).await;
        assert_eq!(counts, OfferCounts { stored: 3, settled: 1, known: 0, queued: 4, left_out: 0 });
        let counts = offer(&world, "a", &digests(0..6)).await;
        assert_eq!(counts, OfferCounts { stored: 0, settled: 1, known: 4, queued: 1, left_out: 0 });
        let counts = offer(&world, "b", &digests(4..7)).await;
        assert_eq!(counts, OfferCounts { queued: 3, ..OfferCounts::default() });
        assert_eq!(offer(&world, "b", &[]).await, OfferCounts::default());
        assert_eq!(world.number("SELECT count(*) FROM recovery").await, 6);
        assert_eq!(claim(&world, "u", "a").await, sorted(digests(1..6)));
    }
}

on_both_engines! {
    /// A partner fills its part of the queue and no more, across chunks, and gets room again when it is emptied.
    async fn partners_have_a_cap(world: World) {
        let chunk = u32::try_from(OFFER_CHUNK).unwrap();
        let (all, cap) = (digests(0..chunk + 200), u64::from(chunk) + 50);
        let gossip = world.store.gossip();
        let counts = gossip.offer("a", Profile::V24, &all, cap).await.unwrap();
        assert_eq!(counts, OfferCounts { queued: cap, left_out: 150, ..OfferCounts::default() });
        let counts = gossip.offer("a", Profile::V24, &all, cap).await.unwrap();
        assert_eq!(counts, OfferCounts { known: cap, left_out: 150, ..OfferCounts::default() });
        let counts = gossip.offer("b", Profile::V24, &all, cap).await.unwrap();
        assert_eq!(counts.queued, cap);
        let queued = sorted(all)[..100].to_vec();
        assert_eq!(gossip.resolved(&queued).await.unwrap(), 100);
        let counts = gossip.offer("a", Profile::V24, &queued, cap).await.unwrap();
        assert_eq!(counts, OfferCounts { queued: 100, ..OfferCounts::default() });
    }
}

on_both_engines! {
    /// A claim covers all offers of a digest, ends with its lease, and says what the offer is of.
    async fn a_claim_is_for_all_offers(world: World) {
        offer(&world, "a", &digests(0..4)).await;
        world.store.gossip().offer("b", Profile::V23, &digests(2..6), NO_CAP).await.unwrap();
        assert_eq!(claim(&world, "one", "a").await, sorted(digests(0..4)));
        assert_eq!(claim(&world, "two", "a").await, []);
        assert_eq!(claim(&world, "two", "b").await, sorted(digests(4..6)));
        assert_eq!(claim(&world, "two", "nobody").await, []);
        world.execute("UPDATE recovery SET claimed_until = claimed_until - 3600001 WHERE claimed_by = 'one'").await;
        let claimed = world.store.gossip().claim(claimer("two", "b"), 1000, LEASE).await.unwrap();
        assert_eq!(claimed.len(), 2);
        assert!(claimed.iter().all(|one| one.profile == Profile::V23 && one.attempts == 0), "{claimed:?}");
        assert_eq!(world.number("SELECT count(*) FROM recovery WHERE attempts = 2").await, 2);
    }
}

on_both_engines! {
    /// A unit that stops frees its claims and nobody else's.
    async fn units_release_their_claims(world: World) {
        offer(&world, "a", &digests(0..3)).await;
        offer(&world, "b", &digests(3..5)).await;
        claim(&world, "one", "a").await;
        claim(&world, "two", "b").await;
        assert_eq!(world.store.gossip().release("one").await.unwrap(), 3);
        assert_eq!(claim(&world, "three", "b").await, []);
        assert_eq!(claim(&world, "three", "a").await, sorted(digests(0..3)));
    }
}

on_both_engines! {
    /// What is due for longest comes first, and no call hands out more than its limit.
    async fn the_longest_due_come_first(world: World) {
        let count = CLAIM_LIMIT + 50;
        offer(&world, "a", &digests(0..count)).await;
        let late = digests(3..4)[0];
        let (literal, _) = world.blob_and_expiry(&late.0, false);
        world.execute(&format!("UPDATE recovery_offers SET next_try = next_try - 1000 WHERE digest = {literal}")).await;
        let gossip = world.store.gossip();
        let first = gossip.claim(claimer("u", "a"), 1, LEASE).await.unwrap();
        assert_eq!(first.iter().map(|one| one.digest).collect::<Vec<_>>(), [late]);
        let many = gossip.claim(claimer("u", "a"), u32::MAX, LEASE).await.unwrap();
        assert_eq!(many.len(), usize::try_from(CLAIM_LIMIT).unwrap());
    }
}

on_both_engines! {
    /// A miss puts this partner's offer off, leaves the other partner's, and is told with its reason.
    async fn misses_go_to_the_next_partner(world: World) {
        let gossip = world.store.gossip();
        let (all, later) = (digests(0..3), Some(LEASE));
        offer(&world, "a", &all).await;
        offer(&world, "b", &all[..1]).await;
        claim(&world, "u", "a").await;
        let misses = [
            miss(all[0], Verdict::Missing, later),
            miss(all[1], Verdict::Rejected("version".into()), later),
            miss(all[2], Verdict::Unreachable, Some(Duration::ZERO)),
        ];
        gossip.missed(claimer("u", "a"), &misses).await.unwrap();
        assert_eq!(claim(&world, "u", "b").await, [all[0]]);
        let again = gossip.claim(claimer("u", "a"), 10, LEASE).await.unwrap();
        assert_eq!(again.iter().map(|one| (one.digest, one.attempts)).collect::<Vec<_>>(), [(all[2], 1)]);
        let ledger = gossip.ledger(100).await.unwrap();
        assert_eq!((ledger.digests, ledger.claimed), (3, 2));
        let row = |partner: &str, verdict| LedgerRow { partner: partner.into(), verdict, offers: 1 };
        assert_eq!(ledger.offers, [
            row("a", Some(Verdict::Missing)),
            row("a", Some(Verdict::Rejected("version".into()))),
            row("a", Some(Verdict::Unreachable)),
            row("b", None),
        ]);
        assert_eq!(gossip.ledger(2).await.unwrap().offers.len(), 2);
    }
}

on_both_engines! {
    /// Who reports a miss too late does not end the claim that somebody else took meanwhile.
    async fn late_misses_end_no_claim(world: World) {
        let gossip = world.store.gossip();
        let all = digests(0..1);
        offer(&world, "a", &all).await;
        offer(&world, "b", &all).await;
        claim(&world, "u", "a").await;
        world.execute("UPDATE recovery SET claimed_until = 1").await;
        assert_eq!(claim(&world, "u", "b").await, all);
        gossip.missed(claimer("u", "a"), &[miss(all[0], Verdict::Missing, Some(Duration::ZERO))]).await.unwrap();
        assert_eq!(claim(&world, "v", "a").await, []);
        gossip.missed(claimer("u", "b"), &[miss(all[0], Verdict::Missing, Some(LEASE))]).await.unwrap();
        assert_eq!(claim(&world, "v", "a").await, all);
    }
}

on_both_engines! {
    /// A digest is dropped with its last offer, not before.
    async fn digests_go_with_their_last_offer(world: World) {
        let gossip = world.store.gossip();
        let all = digests(0..2);
        offer(&world, "a", &all).await;
        offer(&world, "b", &all[..1]).await;
        let misses: Vec<_> = all.iter().map(|digest| miss(*digest, Verdict::Missing, None)).collect();
        gossip.missed(claimer("u", "a"), &misses).await.unwrap();
        assert_eq!(world.number("SELECT count(*) FROM recovery").await, 1);
        assert_eq!(claim(&world, "u", "b").await, [all[0]]);
        gossip.missed(claimer("u", "b"), &misses).await.unwrap();
        assert_eq!(world.number("SELECT count(*) FROM recovery").await, 0);
        assert_eq!(world.number("SELECT count(*) FROM recovery_offers").await, 0);
    }
}

on_both_engines! {
    /// What is resolved leaves the queue with the offers of all partners.
    async fn resolved_digests_leave(world: World) {
        let all = digests(0..3);
        offer(&world, "a", &all).await;
        offer(&world, "b", &all).await;
        assert_eq!(world.store.gossip().resolved(&digests(1..9)).await.unwrap(), 2);
        assert_eq!(world.number("SELECT count(*) FROM recovery_offers").await, 2);
        assert_eq!(claim(&world, "u", "b").await, [all[0]]);
    }
}

on_both_engines! {
    /// Certificates that came by another way are not fetched, however many stand first in the queue.
    async fn stored_meanwhile_is_not_claimed(world: World) {
        let stored: Vec<_> = (0..30).map(|n| digest(n, 0)).collect();
        offer(&world, "a", &stored).await;
        world.execute("UPDATE recovery_offers SET next_try = next_try - 1000").await;
        let open = digests(0..2);
        offer(&world, "a", &open).await;
        let puts: Vec<_> = (0..30).map(|n| sample(n).new_put()).collect();
        world.put(&puts).await;
        let claimed = world.store.gossip().claim(claimer("u", "a"), 10, LEASE).await.unwrap();
        assert_eq!(sorted(claimed.iter().map(|one| one.digest).collect()), sorted(open));
        assert_eq!(world.number("SELECT count(*) FROM recovery").await, 2);
        assert_eq!(world.number("SELECT count(*) FROM recovery_offers").await, 2);
    }
}

on_both_engines! {
    /// Offers that are not made again go in steps; those that are made again stay, though they are not written each time.
    async fn stale_offers_are_pruned(world: World) {
        let gossip = world.store.gossip();
        let all = digests(0..10);
        offer(&world, "a", &all).await;
        offer(&world, "b", &all[..2]).await;
        world.execute("UPDATE recovery_offers SET offered_at = offered_at - 86400000 WHERE partner = 'a'").await;
        offer(&world, "a", &all[5..]).await;
        let day = Duration::from_secs(86_000);
        assert_eq!(gossip.prune_offers(day, 3).await.unwrap(), 3);
        assert_eq!(gossip.prune_offers(day, 3).await.unwrap(), 2);
        assert_eq!(gossip.prune_offers(day, 3).await.unwrap(), 0);
        assert_eq!(world.number("SELECT count(*) FROM recovery").await, 7);
        assert_eq!(claim(&world, "u", "a").await, sorted(all[5..].to_vec()));
        assert_eq!(claim(&world, "u", "b").await, sorted(all[..2].to_vec()));
    }
}

on_both_engines! {
    /// The queue is listed in pieces without gaps, with what is known of each offer.
    async fn the_queue_is_listed(world: World) {
        let gossip = world.store.gossip();
        let all = digests(0..4);
        offer(&world, "a", &all).await;
        offer(&world, "b", &all).await;
        gossip.missed(claimer("u", "b"), &[miss(all[2], Verdict::WrongAnswer, Some(LEASE))]).await.unwrap();
        let mut listed = gossip.queued(None, 3).await.unwrap();
        loop {
            let after = listed.last().map(|one| (one.digest, one.partner.clone())).unwrap();
            let piece = gossip.queued(Some((after.0, &after.1)), 3).await.unwrap();
            if piece.is_empty() {
                break;
            }
            listed.extend(piece);
        }
        let mut expected: Vec<_> = all.iter().flat_map(|d| [(*d, "a".to_owned()), (*d, "b".to_owned())]).collect();
        expected.sort();
        assert_eq!(listed.iter().map(|one| (one.digest, one.partner.clone())).collect::<Vec<_>>(), expected);
        let missed: Vec<_> = listed.iter().filter(|one| one.attempts > 0).collect();
        assert_eq!(missed.len(), 1);
        assert_eq!((missed[0].digest, &missed[0].verdict), (all[2], &Some(Verdict::WrongAnswer)));
        assert!(missed[0].next_try >= missed[0].first_seen + 3_600_000, "{missed:?}");
    }
}
