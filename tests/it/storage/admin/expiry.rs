//! Blocks that end by their time.

use std::time::SystemTime;

use hockeypuck::domain::Fingerprint;
use hockeypuck::storage::PutOutcome::{Blocked, Inserted};
use hockeypuck::storage::admin::Block;

use super::{audit, block, offer, unblock};
use crate::support::records::{digest, sample, v4};
use crate::support::store::{World, on_both_engines};

/// Seconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// Blocks for an hour, and lets the hour pass.
async fn block_that_has_ended(world: &World, fingerprint: Fingerprint) {
    let fingerprints = [fingerprint];
    let block = Block { expires_at: Some(now() + 3600), ..block(&fingerprints, "an hour") };
    world.store.admin().block(&block).await.unwrap();
    let (literal, past) = world.blob_and_expiry(fingerprint.as_bytes(), true);
    world.execute(&format!("UPDATE blocked SET expires_at = {past} WHERE fingerprint = {literal}")).await;
}

on_both_engines! {
    /// While it lasts, a block with an end is like any other; then, at once, like none. It stays listed as one that has
    /// ended, and blocking again begins anew.
    async fn ended_blocks_are_none(world: World) {
        let admin = world.store.admin();
        world.put(&[sample(1).new_put()]).await;
        let until = now() + 3600;
        admin.block(&Block { expires_at: Some(until), ..block(&[v4(1)], "an hour") }).await.unwrap();
        assert_eq!(world.put(&[sample(1).new_put()]).await, [Blocked]);
        assert_eq!(offer(&world, &[digest(1, 0)]).await.settled, 1);
        let [listed] = &admin.blocks(None, 9).await.unwrap()[..] else { panic!("one is blocked") };
        assert_eq!((listed.expires_at, listed.is_in_effect), (Some(until), true));

        block_that_has_ended(&world, v4(1)).await;
        assert_eq!(offer(&world, &[digest(1, 0)]).await.queued, 1);
        assert_eq!(world.put(&[sample(1).new_put()]).await, [Inserted]);
        assert_eq!(admin.blocked_count().await.unwrap(), 0);
        let [listed] = &admin.blocks(None, 9).await.unwrap()[..] else { panic!("one was blocked") };
        assert!(!listed.is_in_effect);
        assert_eq!(admin.unblock(&unblock(&[v4(1)])).await.unwrap(), []);

        block_that_has_ended(&world, v4(1)).await;
        assert_eq!(admin.block(&block(&[v4(1)], "for ever")).await.unwrap().len(), 1);
        let [listed] = &admin.blocks(None, 9).await.unwrap()[..] else { panic!("one is blocked") };
        assert_eq!((listed.expires_at, listed.is_in_effect), (None, true));
        assert_eq!(admin.release_ended(9).await.unwrap(), 0);
    }
}

on_both_engines! {
    /// What an ended block left behind is undone once, with an account of it.
    async fn ended_blocks_are_released(world: World) {
        let admin = world.store.admin();
        world.put(&[sample(1).new_put(), sample(2).new_put()]).await;
        block_that_has_ended(&world, v4(1)).await;
        admin.block(&block(&[v4(2)], "")).await.unwrap();
        assert_eq!(world.store.gossip().settled(None, 9).await.unwrap().len(), 2);
        assert_eq!(admin.release_ended(9).await.unwrap(), 1);
        assert_eq!(admin.release_ended(9).await.unwrap(), 0);
        let [left] = &world.store.gossip().settled(None, 9).await.unwrap()[..] else { panic!("one is blocked") };
        assert_eq!(left.fingerprint, Some(v4(2)));
        let last = audit(&world).await.pop().unwrap();
        assert_eq!(last, format!("unblock|expiry|{}|-|unblocked", v4(1)));
        assert_eq!(admin.blocks(None, 9).await.unwrap().len(), 2);
    }
}
