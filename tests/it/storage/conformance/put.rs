//! Writing certificates, also by several at once.

use hockeypuck::domain::Search;
use hockeypuck::storage::PutOutcome::{Blocked, Conflict, DigestTaken, Inserted, Updated};

use crate::support::records::{digest, sample, v4};
use crate::support::store::{World, on_both_engines};

on_both_engines! {
    /// A write counts only over the revision that it names, and its neighbours in the batch are not undone;
    /// outcomes come in the caller's order.
    async fn conflicts_leave_the_others(world: World) {
        assert_eq!(world.put(&[sample(1).new_put(), sample(2).new_put(), sample(3).new_put()]).await, [Inserted; 3]);
        let batch = [
            sample(3).generation(1).put_over(1),
            sample(1).generation(1).new_put(),
            sample(9).new_put(),
            sample(2).generation(1).put_over(7),
            sample(8).put_over(1),
            sample(7).new_put(),
        ];
        assert_eq!(world.put(&batch).await, [Updated, Conflict, Inserted, Conflict, Conflict, Inserted]);
        for (n, generation, revision) in [(1, 0, 1), (2, 0, 1), (3, 1, 2), (7, 0, 1), (9, 0, 1)] {
            let [base] = &world.store.merge_bases(&[v4(n)]).await.unwrap()[..] else { panic!("{n}") };
            assert_eq!(base.packets, sample(n).generation(generation).record().packets, "{n}");
            assert_eq!(base.revision.0, revision, "{n}");
        }
        assert!(world.store.merge_bases(&[v4(8)]).await.unwrap().is_empty());
        assert!(world.put(&[]).await.is_empty());
    }
}

on_both_engines! {
    /// What an update no longer has does not find the certificate any more, and what is new does.
    async fn updates_replace_what_finds(world: World) {
        let old = sample(1).subkey(v4(101)).user_id("Old <old@example.org>").user_id("Kept <kept@example.org>");
        let new = sample(1).generation(1).subkey(v4(102)).user_id("New <new@example.org>").user_id("Kept <kept@example.org>");
        world.put(&[old.new_put()]).await;
        assert_eq!(world.put(&[new.put_over(1)]).await, [Updated]);
        for (search, expected) in [
            (Search::Fingerprint(v4(1)), 1),
            (Search::Fingerprint(v4(101)), 0),
            (Search::Fingerprint(v4(102)), 1),
            (Search::Email("old@example.org".into()), 0),
            (Search::Email("new@example.org".into()), 1),
            (Search::Email("kept@example.org".into()), 1),
            (Search::Keywords(vec!["old".into()]), 0),
            (Search::Keywords(vec!["new".into()]), 1),
            (Search::Digest(digest(1, 0)), 0),
            (Search::Digest(digest(1, 1)), 1),
        ] {
            assert_eq!(world.store.certificates(&search, 10).await.unwrap().len(), expected, "{search:?}");
        }
        assert_eq!(world.number("SELECT count(*) FROM cert_keys").await, 2);
        assert_eq!(world.number("SELECT count(*) FROM user_ids").await, 2);
    }
}

on_both_engines! {
    /// Most updates add a signature; the rows that find the certificate are then left alone.
    async fn equal_lists_are_not_rewritten(world: World) {
        let make = |generation| sample(1).generation(generation).subkey(v4(2)).user_id("Alice <alice@example.org>");
        world.put(&[make(0).new_put()]).await;
        world.execute("UPDATE user_ids SET email = 'mark@example.org'").await;
        assert_eq!(world.put(&[make(1).put_over(1)]).await, [Updated]);
        assert_eq!(world.number("SELECT count(*) FROM user_ids WHERE email = 'mark@example.org'").await, 1);
        assert_eq!(world.put(&[make(2).user_id("More").put_over(2)]).await, [Updated]);
        assert_eq!(world.number("SELECT count(*) FROM user_ids WHERE email = 'mark@example.org'").await, 0);
    }
}

on_both_engines! {
    /// A digest belongs to one certificate of a profile; who brings it second is told, the others are written.
    async fn taken_digests_are_told(world: World) {
        world.put(&[sample(1).new_put(), sample(2).new_put(), sample(3).new_put(), sample(4).new_put()]).await;
        let taken = Some(digest(1, 0));
        let batch = [
            sample(5).digests(taken, None).new_put(),
            sample(6).digests(None, taken).new_put(),
            sample(7).new_put(),
            sample(2).generation(1).digests(taken, Some(digest(2, 1))).put_over(1),
            sample(3).generation(1).put_over(1),
            sample(4).generation(1).digests(Some(digest(4, 1)), taken).put_over(1),
            sample(1).generation(1).digests(taken, taken).put_over(1),
        ];
        let expected = [DigestTaken, DigestTaken, Inserted, DigestTaken, Updated, DigestTaken, Updated];
        assert_eq!(world.put(&batch).await, expected);
        let [base] = &world.store.merge_bases(&[v4(2)]).await.unwrap()[..] else { panic!() };
        assert_eq!((&base.packets, base.revision.0), (&sample(2).record().packets, 1));
        world.assert_log_leads_to_digests().await;
    }
}

on_both_engines! {
    /// Two new certificates with one digest in one batch: exactly one is stored.
    async fn a_digest_twice_in_a_batch(world: World) {
        let same = Some(digest(9, 9));
        let outcomes = world.put(&[sample(1).digests(same, same).new_put(), sample(2).digests(same, same).new_put()]).await;
        assert!(outcomes.contains(&Inserted) && outcomes.contains(&DigestTaken), "{outcomes:?}");
        assert_eq!(world.store.count().await.unwrap(), 1);
        world.assert_log_leads_to_digests().await;
    }
}

on_both_engines! {
    /// Nothing of a blocked certificate is written, new or known, until the block expires.
    async fn blocked_certificates_are_refused(world: World) {
        world.put(&[sample(1).new_put()]).await;
        for n in [1, 2, 3] {
            let (literal, expiry) = world.blob_and_expiry(v4(n).as_bytes(), n == 3);
            world.execute(&format!("INSERT INTO blocked (fingerprint, comment, actor, expires_at) VALUES ({literal}, 'c', 'a', {expiry})")).await;
        }
        let batch = [sample(4).new_put(), sample(1).generation(1).put_over(1), sample(2).new_put(), sample(3).new_put()];
        assert_eq!(world.put(&batch).await, [Inserted, Blocked, Blocked, Inserted]);
        assert_eq!(world.store.count().await.unwrap(), 3);
        assert_eq!(world.store.merge_bases(&[v4(1)]).await.unwrap()[0].revision.0, 1);
        world.assert_log_leads_to_digests().await;
    }
}

on_both_engines! {
    /// Many send the same new certificate at once: one writes it, the others learn that they must merge.
    async fn first_puts_at_once(world: World) {
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let store = world.store.clone();
                tokio::spawn(async move { store.put(&[sample(1).subkey(v4(2)).user_id("Alice").new_put()]).await })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.extend(task.await.unwrap().unwrap());
        }
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Inserted).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Conflict).count(), 19, "{outcomes:?}");
        assert_eq!(world.number("SELECT count(*) FROM cert_keys").await, 2);
        assert_eq!(world.log().await.len(), 2);
    }
}

on_both_engines! {
    /// Overlapping batches in opposite orders neither deadlock nor lose a write: per certificate, the revision
    /// counts the successful writes, and the log leads to what is stored.
    async fn overlapping_batches_at_once(world: World) {
        const CERTIFICATES: u32 = 30;
        let tasks: Vec<_> = (0..8)
            .map(|writer| {
                let store = world.store.clone();
                tokio::spawn(async move {
                    let mut written = vec![0_i64; CERTIFICATES as usize];
                    for round in 0..6 {
                        let mut numbers: Vec<u32> = (0..CERTIFICATES).filter(|n| (n + round) % 3 != 0).collect();
                        if writer % 2 == 1 {
                            numbers.reverse();
                        }
                        let fingerprints: Vec<_> = numbers.iter().map(|n| v4(*n)).collect();
                        let bases = store.merge_bases(&fingerprints).await.unwrap();
                        let base_of = |n| bases.iter().find(|base| base.fingerprint == v4(n)).map(|base| base.revision.0);
                        let generation = 1 + writer * 100 + round;
                        let puts: Vec<_> = numbers.iter().map(|n| {
                            let next = sample(*n).generation(generation).user_id(&format!("User {generation}"));
                            base_of(*n).map_or_else(|| sample(*n).generation(generation).new_put(), |base| next.put_over(base))
                        }).collect();
                        for (n, outcome) in numbers.iter().zip(store.put(&puts).await.unwrap()) {
                            match outcome {
                                Inserted | Updated => written[*n as usize] += 1,
                                Conflict => {}
                                Blocked | DigestTaken => panic!("{outcome:?}"),
                            }
                        }
                    }
                    written
                })
            })
            .collect();
        let mut total = vec![0_i64; CERTIFICATES as usize];
        for task in tasks {
            for (sum, count) in total.iter_mut().zip(task.await.unwrap()) {
                *sum += count;
            }
        }
        for (n, writes) in (0..CERTIFICATES).zip(total) {
            let [base] = &world.store.merge_bases(&[v4(n)]).await.unwrap()[..] else { panic!("{n}") };
            assert_eq!(base.revision.0, writes, "{n}");
        }
        world.assert_log_leads_to_digests().await;
    }
}

on_both_engines! {
    /// A batch of the size that submissions use, with large certificates, is written whole.
    async fn a_full_batch(world: World) {
        let puts: Vec<_> = (0..64).map(|n| sample(n).octets(100_000).user_id(&format!("User {n} <{n}@example.org>")).subkey(v4(1000 + n)).new_put()).collect();
        assert_eq!(world.put(&puts).await, [Inserted; 64]);
        for put in &puts {
            let search = Search::Fingerprint(put.record.keys[1]);
            let [found] = &world.store.certificates(&search, 2).await.unwrap()[..] else { panic!("{search:?}") };
            assert_eq!(found.packets, put.record.packets);
        }
    }
}
