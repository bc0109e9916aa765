//! Blocking and unblocking.

use hockeypuck::domain::{Digests, Search};
use hockeypuck::storage;
use hockeypuck::storage::PutOutcome::{Blocked, Inserted};
use hockeypuck::storage::admin::{Block, Known};
use hockeypuck::storage::gossip::{OfferCounts, Settled, Verdict};

use super::{audit, block, offer, outcome, unblock};
use crate::support::records::{digest, sample, v4, v6};
use crate::support::store::{World, on_both_engines, patient};

on_both_engines! {
    /// What is blocked is gone with its log, is not asked of peers any more, and does not come back: one that is stored,
    /// one that nobody has seen, and one of version 6. The others stay. Unblocked, it may come back by every way.
    async fn blocked_certificates_stay_away_until_unblocked(world: World) {
        let modern = sample(6).fingerprint(v6(6));
        let (a, b) = (digest(1, 1), digest(1, 2));
        let two_digests = || sample(1).digests(Some(a), Some(b)).user_id("One <one@example.org>");
        world.put(&[two_digests().new_put(), sample(2).new_put(), modern.new_put()]).await;
        let admin = world.store.admin();
        let all = [v4(1), v4(9), v6(6)];
        let outcomes = admin.block(&block(&all, "spam")).await.unwrap();
        assert_eq!(outcomes, [outcome(v4(1), true, false), outcome(v4(9), false, false), outcome(v6(6), true, false)]);
        for search in [Search::Fingerprint(v4(1)), Search::Fingerprint(v6(6)), Search::Email("one@example.org".into())] {
            assert!(world.store.certificates(&search, 9).await.unwrap().is_empty(), "{search:?}");
        }
        assert_eq!(world.store.count().await.unwrap(), 1);
        world.assert_log_leads_to_digests().await;
        let settled = OfferCounts { settled: 3, ..OfferCounts::default() };
        assert_eq!(offer(&world, &[a, b, digest(6, 0)]).await, settled);

        // Another handle, as of another server, whose merge began before.
        let other = storage::open(&world.url, &patient()).await.unwrap();
        let puts = [two_digests().put_over(1), sample(9).new_put(), sample(6).fingerprint(v6(6)).new_put()];
        assert_eq!(other.put(&puts).await.unwrap(), [Blocked; 3]);
        assert_eq!(other.put(&[two_digests().new_put()]).await.unwrap(), [Blocked]);

        assert_eq!(other.admin().unblock(&unblock(&[v4(1), v4(2)])).await.unwrap(), [v4(1)]);
        let counts = OfferCounts { queued: 2, settled: 1, ..OfferCounts::default() };
        assert_eq!(offer(&world, &[a, b, digest(6, 0)]).await, counts);
        assert_eq!(world.put(&[two_digests().new_put(), sample(9).new_put()]).await, [Inserted, Blocked]);
        world.assert_log_leads_to_digests().await;
        let named: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(audit(&world).await, [
            format!("block|op|{}|spam|blocked", named.join(" ")),
            format!("unblock|op|{}|sorry|unblocked", v4(1)),
        ]);
    }
}

on_both_engines! {
    /// Blocking again changes what is remembered and deletes nothing; the list tells who, why and since when.
    async fn the_last_word_counts(world: World) {
        let admin = world.store.admin();
        let one = [v4(1)];
        admin.block(&block(&one, "first")).await.unwrap();
        let [first] = &admin.blocks(None, 9).await.unwrap()[..] else { panic!("one is blocked") };
        assert_eq!((first.comment.as_str(), first.actor.as_str(), first.expires_at), ("first", "op", None));
        let again = Block { actor: "other", ..block(&one, "second") };
        assert_eq!(admin.block(&again).await.unwrap(), [outcome(v4(1), false, true)]);
        let [second] = &admin.blocks(None, 9).await.unwrap()[..] else { panic!("one is blocked") };
        assert_eq!((second.comment.as_str(), second.actor.as_str()), ("second", "other"));
        assert_eq!(second.created_at, first.created_at);
        let keep = Block { known: Known::Keep, ..block(&one, "third") };
        assert_eq!(admin.block(&keep).await.unwrap(), [outcome(v4(1), false, true)]);
        assert_eq!(admin.blocks(None, 9).await.unwrap(), std::slice::from_ref(second));
        assert_eq!(audit(&world).await.len(), 2);
        assert_eq!(admin.unblock(&unblock(&[v4(1)])).await.unwrap(), [v4(1)]);
        assert_eq!(admin.unblock(&unblock(&[v4(1)])).await.unwrap(), []);
        assert_eq!(admin.blocks(None, 9).await.unwrap(), []);
        assert_eq!(audit(&world).await.len(), 3);
    }
}

on_both_engines! {
    /// The list is read in pieces without gaps; the count is of those in effect.
    async fn blocks_are_listed_in_pieces(world: World) {
        let admin = world.store.admin();
        let all: Vec<_> = (0..7).map(v4).chain([v6(1)]).collect();
        admin.block(&block(&all, "")).await.unwrap();
        assert_eq!(admin.blocked_count().await.unwrap(), 8);
        let mut listed = Vec::new();
        loop {
            let page = admin.blocks(listed.last(), 3).await.unwrap();
            if page.is_empty() {
                break;
            }
            listed.extend(page.into_iter().map(|one| one.fingerprint));
        }
        let mut expected = all;
        expected.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        assert_eq!(listed, expected);
    }
}

on_both_engines! {
    /// What would be done is told truly, and nothing is done.
    async fn foreseeing_changes_nothing(world: World) {
        let admin = world.store.admin();
        world.put(&[sample(1).new_put()]).await;
        admin.block(&block(&[v4(2)], "")).await.unwrap();
        let before = (world.log().await, audit(&world).await, admin.blocks(None, 9).await.unwrap());
        let foreseen = admin.foresee(&[v4(1), v4(2), v4(3)]).await.unwrap();
        assert_eq!(foreseen, [outcome(v4(1), true, false), outcome(v4(2), false, true), outcome(v4(3), false, false)]);
        assert_eq!((world.log().await, audit(&world).await, admin.blocks(None, 9).await.unwrap()), before);
    }
}

on_both_engines! {
    /// A unit that notes a moment after the unblocking that it was refused does not keep the certificate away.
    async fn late_verdicts_of_blocks_do_not_count(world: World) {
        let admin = world.store.admin();
        admin.block(&block(&[v4(1)], "")).await.unwrap();
        let late = Settled { digest: digest(1, 0), profile: hockeypuck::domain::Profile::V24, reason: Verdict::Blocked, fingerprint: Some(v4(1)) };
        world.store.gossip().settle(std::slice::from_ref(&late)).await.unwrap();
        assert_eq!(offer(&world, &[late.digest]).await.settled, 1);
        admin.unblock(&unblock(&[v4(1)])).await.unwrap();
        world.store.gossip().settle(std::slice::from_ref(&late)).await.unwrap();
        assert_eq!(offer(&world, &[late.digest]).await.queued, 1);
        let claimer = hockeypuck::storage::gossip::Claimer { unit: "u", partner: "peer" };
        let claimed = world.store.gossip().claim(claimer, 9, std::time::Duration::from_secs(60)).await.unwrap();
        assert_eq!(claimed.len(), 1, "it is fetched");
    }
}

on_both_engines! {
    /// However writes and blocks of the same certificates overlap, a blocked certificate is never stored in the end,
    /// and the log leads to what is.
    async fn blocks_win_against_writers(world: World) {
        const CERTIFICATES: u32 = 20;
        let writers: Vec<_> = (0..4).map(|writer| {
            let store = world.store.clone();
            tokio::spawn(async move {
                let mut refused = 0;
                for n in (0..CERTIFICATES).cycle().skip(writer * 5) {
                    let base = store.merge_bases(&[v4(n)]).await.unwrap().pop().map(|base| base.revision.0);
                    let generation = u32::try_from(base.unwrap_or(0)).unwrap() + 1;
                    let next = sample(n).generation(generation).user_id("Racer");
                    let put = base.map_or_else(|| sample(n).generation(generation).user_id("Racer").new_put(), |base| next.put_over(base));
                    let [put] = store.put(&[put]).await.unwrap()[..] else { panic!("one outcome") };
                    refused = if put == Blocked { refused + 1 } else { 0 };
                    if refused > CERTIFICATES {
                        return;
                    }
                }
            })
        }).collect();
        for n in 0..CERTIFICATES {
            world.store.admin().block(&block(&[v4(n), v4(CERTIFICATES - 1 - n)], "")).await.unwrap();
            tokio::task::yield_now().await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(world.store.count().await.unwrap(), 0);
        assert_eq!(world.store.digests(None, 9).await.unwrap(), Vec::<(_, Digests)>::new());
        world.assert_log_leads_to_digests().await;
    }
}
