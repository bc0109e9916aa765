//! The change log.

use hockeypuck::domain::{Change, Digest, Fingerprint, Profile, Sign};

use crate::support::records::{digest, sample, v4};
use crate::support::store::{World, on_both_engines};

fn told(changes: &[Change]) -> Vec<(Profile, Sign, Digest, Fingerprint)> {
    changes.iter().map(|change| (change.profile, change.sign, change.digest, change.fingerprint)).collect()
}

on_both_engines! {
    /// Each write logs what leaves and what enters each profile, where they differ, and nothing else.
    async fn rows_are_exactly_right(world: World) {
        use Profile::{V23, V24};
        use Sign::{Minus, Plus};
        let (a, b, c) = (digest(1, 1), digest(1, 2), digest(1, 3));
        world.put(&[sample(1).digests(Some(a), Some(a)).new_put()]).await;
        world.put(&[sample(1).digests(Some(a), Some(b)).generation(1).put_over(1)]).await;
        world.put(&[sample(1).digests(None, Some(c)).generation(2).put_over(2)]).await;
        world.put(&[sample(1).digests(None, Some(c)).generation(3).put_over(3)]).await;
        world.put(&[sample(1).generation(4).put_over(1), sample(1).new_put()][..1]).await;
        world.store.remove(&[v4(1)]).await.unwrap();
        let log = world.log().await;
        let one = v4(1);
        assert_eq!(told(&log), [
            (V23, Plus, a, one), (V24, Plus, a, one),
            (V24, Minus, a, one), (V24, Plus, b, one),
            (V23, Minus, a, one), (V24, Minus, b, one), (V24, Plus, c, one),
            (V24, Minus, c, one),
        ]);
        assert!(log.is_sorted_by(|a, b| a.seq < b.seq));
    }
}

on_both_engines! {
    /// The log is read in pieces without gaps or repetitions.
    async fn the_log_is_read_in_pieces(world: World) {
        let puts: Vec<_> = (0..10).map(|n| sample(n).new_put()).collect();
        world.put(&puts).await;
        let whole = world.log().await;
        assert_eq!(whole.len(), 20);
        let mut pieces = Vec::new();
        loop {
            let after = pieces.last().map_or(0, |change: &Change| change.seq);
            let piece = world.store.changes(after, 3).await.unwrap();
            if piece.is_empty() {
                break;
            }
            pieces.extend(piece);
        }
        assert_eq!(pieces, whole);
    }
}

on_both_engines! {
    /// Positions of pruned rows are not given again, or a follower would take new rows for old ones.
    async fn positions_are_never_reused(world: World) {
        world.put(&[sample(1).new_put()]).await;
        let last = world.log().await.last().unwrap().seq;
        world.execute("DELETE FROM changes").await;
        world.put(&[sample(2).new_put()]).await;
        assert!(world.log().await.iter().all(|change| change.seq > last));
    }
}

on_both_engines! {
    /// All digests are listed in the order of the fingerprints' octets, in pieces without gaps.
    async fn digests_are_listed(world: World) {
        let puts: Vec<_> = (0..7).map(|n| sample(n).new_put()).chain([sample(8).digests(None, None).new_put()]).collect();
        world.put(&puts).await;
        let mut expected: Vec<_> = puts.iter().map(|put| (put.record.fingerprint, put.record.digests)).collect();
        expected.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
        let mut listed = world.store.digests(None, 3).await.unwrap();
        loop {
            let after = listed.last().map(|(fingerprint, _)| *fingerprint);
            let piece = world.store.digests(after.as_ref(), 3).await.unwrap();
            if piece.is_empty() {
                break;
            }
            listed.extend(piece);
        }
        assert_eq!(listed, expected);
    }
}
