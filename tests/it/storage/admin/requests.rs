//! Signed requests.

use hockeypuck::domain::Fingerprint;
use hockeypuck::storage::PutOutcome::{Blocked, Conflict, Inserted, Updated};
use hockeypuck::storage::admin::{Carried, Effect, SignedRequest};

use super::{audit, block};
use crate::support::records::{digest, sample, v4, v6};
use crate::support::store::{World, on_both_engines};

const SIGNER: u32 = 77;

fn request<'a>(signed: &'a [u8], effect: Effect<'a>) -> SignedRequest<'a> {
    SignedRequest { signer: v4(SIGNER), signed, effect }
}

async fn delete(world: &World, signed: &[u8], fingerprints: &[Fingerprint]) -> Carried {
    match world.store.admin().carry_out(&request(signed, Effect::Delete(fingerprints))).await.unwrap() {
        Carried::Deleted(mut deleted) => {
            deleted.sort();
            Carried::Deleted(deleted)
        }
        other => other,
    }
}

on_both_engines! {
    /// A deletion answers what was there, has an account, and is carried out once; so is one in vain.
    async fn deletions_are_carried_out_once(world: World) {
        world.put(&[sample(1).new_put(), sample(2).fingerprint(v6(2)).new_put(), sample(3).new_put()]).await;
        assert_eq!(delete(&world, b"one", &[v4(1), v6(2), v4(9)]).await, Carried::Deleted(vec![v4(1), v6(2)]), "sorted");
        assert_eq!(delete(&world, b"one", &[v4(3)]).await, Carried::Replayed);
        assert_eq!(delete(&world, b"two", &[v4(9)]).await, Carried::Deleted(vec![]));
        assert_eq!(delete(&world, b"two", &[v4(3)]).await, Carried::Replayed);
        assert_eq!(world.store.count().await.unwrap(), 1);
        world.assert_log_leads_to_digests().await;
        let signer = v4(SIGNER);
        assert_eq!(audit(&world).await, [
            format!("delete|{signer}|{} {} {}|-|deleted", v4(1), v6(2), v4(9)),
            format!("delete|{signer}|{}|-|unknown", v4(9)),
        ]);
    }
}

on_both_engines! {
    /// Deleting is not blocking: the certificate may come back, also by gossip.
    async fn deleted_certificates_may_return(world: World) {
        world.put(&[sample(1).new_put()]).await;
        delete(&world, b"one", &[v4(1)]).await;
        assert_eq!(super::offer(&world, &[digest(1, 0)]).await.queued, 1);
        assert_eq!(world.put(&[sample(1).new_put()]).await, [Inserted]);
    }
}

on_both_engines! {
    /// Certificates that are blocked, but were stored before this program blocked, can be deleted.
    async fn blocked_certificates_are_deleted(world: World) {
        world.put(&[sample(1).new_put()]).await;
        let (literal, _) = world.blob_and_expiry(v4(1).as_bytes(), false);
        world.execute(&format!("INSERT INTO blocked (fingerprint, comment, actor) VALUES ({literal}, 'c', 'a')")).await;
        assert_eq!(delete(&world, b"one", &[v4(1)]).await, Carried::Deleted(vec![v4(1)]));
    }
}

on_both_engines! {
    /// A replacement is written whole or not at all; one that was not written can be tried again, one that was cannot.
    async fn replacements_are_whole(world: World) {
        let admin = world.store.admin();
        world.put(&[sample(1).user_id("Old <old@example.org>").new_put(), sample(2).new_put()]).await;
        admin.block(&block(&[v4(3)], "")).await.unwrap();
        let new = || sample(1).generation(1).user_id("New <new@example.org>");
        for (others, outcomes) in [
            ([sample(2).generation(1).put_over(7), sample(4).new_put()], vec![Updated, Conflict, Inserted]),
            ([sample(3).new_put(), sample(4).new_put()], vec![Updated, Blocked, Inserted]),
        ] {
            let puts: Vec<_> = std::iter::once(new().put_over(1)).chain(others).collect();
            let refused = admin.carry_out(&request(b"one", Effect::Replace(&puts))).await.unwrap();
            assert_eq!(refused, Carried::Refused(outcomes));
        }
        assert_eq!(world.store.count().await.unwrap(), 2);
        let puts = [new().put_over(1), sample(4).new_put()];
        let replaced = admin.carry_out(&request(b"one", Effect::Replace(&puts))).await.unwrap();
        assert_eq!(replaced, Carried::Replaced(vec![Updated, Inserted]));
        assert_eq!(admin.carry_out(&request(b"one", Effect::Replace(&puts))).await.unwrap(), Carried::Replayed);
        let [base] = &world.store.merge_bases(&[v4(1)]).await.unwrap()[..] else { panic!("it is stored") };
        assert_eq!((base.packets.clone(), base.revision.0), (new().record().packets, 2));
        assert_eq!(world.put(&[sample(1).generation(2).put_over(1)]).await, [Conflict], "merged with the old form");
        world.assert_log_leads_to_digests().await;
        assert_eq!(audit(&world).await[1..], [format!("replace|{}|{} {}|-|replaced", v4(SIGNER), v4(1), v4(4))]);
    }
}

on_both_engines! {
    /// Of many equal requests at once exactly one is carried out.
    async fn one_of_many_at_once_wins(world: World) {
        world.put(&[sample(1).new_put()]).await;
        let tasks: Vec<_> = (0..10).map(|_| {
            let store = world.store.clone();
            tokio::spawn(async move {
                store.admin().carry_out(&request(b"same", Effect::Delete(&[v4(1)]))).await.unwrap()
            })
        }).collect();
        let mut carried = Vec::new();
        for task in tasks {
            carried.push(task.await.unwrap());
        }
        assert_eq!(carried.iter().filter(|one| **one == Carried::Deleted(vec![v4(1)])).count(), 1, "{carried:?}");
        assert_eq!(carried.iter().filter(|one| **one == Carried::Replayed).count(), 9, "{carried:?}");
    }
}
