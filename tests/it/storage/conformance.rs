//! One suite for both engines.

use hockeypuck::domain::Search;

use crate::support::records::{sample, v4};
use crate::support::store::{World, on_both_engines};

on_both_engines! {
    /// A certificate comes back as it was put.
    async fn smoke(world: World) {
        let put = sample(1).user_id("Alice <alice@example.org>").subkey(v4(2)).new_put();
        println!("{:?}", world.put(std::slice::from_ref(&put)).await);
        for search in [
            Search::Fingerprint(v4(1)), Search::Fingerprint(v4(2)), Search::KeyId(v4(1).key_id().unwrap()),
            Search::Email("alice@example.org".into()), Search::Keywords(vec!["alice".into(), "example.org".into()]),
            Search::Digest(put.record.digests.v23.unwrap())
        ] {
            let found = world.store.certificates(&search, 10).await.unwrap();
            assert_eq!(found.len(), 1, "{search:?}");
            assert_eq!(found[0].packets, put.record.packets);
            let found = world.store.summaries(&search, 10).await.unwrap();
            assert_eq!(found[0].summary, put.record.summary);
        }
        world.store.check().await.unwrap();
    }
}
