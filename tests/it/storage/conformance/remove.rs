//! Deleting certificates.

use hockeypuck::domain::Search;
use hockeypuck::storage::PutOutcome::Inserted;

use crate::support::records::{digest, sample, v4};
use crate::support::store::{World, on_both_engines};

on_both_engines! {
    /// Deleting answers what was there, leaves nothing that finds it, spares the others, and the certificate can return.
    async fn removed_certificates_are_gone(world: World) {
        let make = |n: u32| sample(n).subkey(v4(100 + n)).user_id(&format!("User{n} <user{n}@example.org>"));
        world.put(&[make(1).new_put(), make(2).new_put(), make(3).new_put()]).await;
        let mut removed = world.store.remove(&[v4(3), v4(9), v4(1), v4(1)]).await.unwrap();
        removed.sort();
        let mut expected = vec![v4(1), v4(3)];
        expected.sort();
        assert_eq!(removed, expected);
        for (n, count) in [(1, 0), (2, 1), (3, 0)] {
            for search in [
                Search::Fingerprint(v4(n)),
                Search::Fingerprint(v4(100 + n)),
                Search::Email(format!("user{n}@example.org")),
                Search::Keywords(vec![format!("user{n}")]),
                Search::Digest(digest(n, 0)),
            ] {
                assert_eq!(world.store.certificates(&search, 9).await.unwrap().len(), count, "{search:?}");
            }
        }
        for table in ["cert_keys", "user_ids"] {
            let orphans = format!("SELECT count(*) FROM {table} WHERE cert_id NOT IN (SELECT id FROM certs)");
            assert_eq!(world.number(&orphans).await, 0, "{table}");
        }
        assert_eq!(world.put(&[make(1).new_put()]).await, [Inserted]);
        assert_eq!(world.store.remove(&[]).await.unwrap(), []);
        world.assert_log_leads_to_digests().await;
    }
}
