//! Every way to find a certificate.

use hockeypuck::domain::{Fingerprint, KeyId, LegacyForm, Search};

use crate::support::records::{digest, sample, v4, v6};
use crate::support::store::{World, on_both_engines};

/// The fingerprints of what `search` finds, checked to be the same in both kinds of answer.
async fn found(world: &World, search: &Search, limit: u32) -> Vec<Fingerprint> {
    let certificates = world.store.certificates(search, limit).await.expect("certificates are found");
    let summaries = world.store.summaries(search, limit).await.expect("summaries are found");
    let fingerprints: Vec<Fingerprint> = certificates.iter().map(|c| c.fingerprint).collect();
    let summarised: Vec<Fingerprint> = summaries.iter().map(|s| s.summary.key.fingerprint).collect();
    assert_eq!(fingerprints, summarised, "{search:?}");
    fingerprints
}

fn keywords(words: &[&str]) -> Search {
    Search::Keywords(words.iter().map(|word| (*word).to_owned()).collect())
}

fn in_order(mut fingerprints: Vec<Fingerprint>) -> Vec<Fingerprint> {
    fingerprints.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    fingerprints
}

on_both_engines! {
    /// Every field of a record comes back as it was put, for each legacy form and with digests missing.
    async fn every_field_returns(world: World) {
        let puts = [
            sample(1).subkey(v4(101)).subkey(v6(102)).user_id("Alice <alice@example.org>").octets(25_000).new_put(),
            sample(2).legacy(LegacyForm::Stripped(vec![2; 5000].into())).generation(1).new_put(),
            sample(3).legacy(LegacyForm::Revocation(vec![3].into())).digests(None, Some(digest(3, 0))).new_put(),
            sample(4).fingerprint(v6(4)).legacy(LegacyForm::Hidden).digests(Some(digest(4, 1)), Some(digest(4, 2))).new_put(),
            sample(5).digests(None, None).octets(0).new_put(),
        ];
        world.put(&puts).await;
        for put in &puts {
            let record = &put.record;
            let search = Search::Fingerprint(record.fingerprint);
            let [certificate] = &world.store.certificates(&search, 10).await.unwrap()[..] else { panic!("{search:?}") };
            assert_eq!(certificate.fingerprint, record.fingerprint);
            assert_eq!(certificate.digests, record.digests);
            assert_eq!(certificate.packets, record.packets);
            assert_eq!(certificate.legacy, record.legacy);
            let [summary] = &world.store.summaries(&search, 10).await.unwrap()[..] else { panic!("{search:?}") };
            assert_eq!(summary.digests, record.digests);
            assert_eq!(summary.summary, record.summary);
            let [base] = &world.store.merge_bases(&[record.fingerprint]).await.unwrap()[..] else { panic!("{search:?}") };
            assert_eq!((base.fingerprint, &base.packets, base.revision.0), (record.fingerprint, &record.packets, 1));
        }
        assert_eq!(world.store.count().await.unwrap(), 5);
    }
}

on_both_engines! {
    /// Fingerprints and key IDs name primary keys and subkeys of both versions, whose key IDs are at different ends.
    async fn keys_are_found(world: World) {
        let puts = [sample(1).subkey(v4(101)).new_put(), sample(2).fingerprint(v6(2)).subkey(v6(102)).new_put()];
        world.put(&puts).await;
        for (owner, keys) in [(v4(1), [v4(1), v4(101)]), (v6(2), [v6(2), v6(102)])] {
            for key in keys {
                assert_eq!(found(&world, &Search::Fingerprint(key), 10).await, [owner], "{key}");
                assert_eq!(found(&world, &Search::KeyId(key.key_id().unwrap()), 10).await, [owner], "{key}");
            }
        }
        let tail: [u8; 8] = v6(2).as_bytes()[24..].try_into().unwrap();
        assert!(found(&world, &Search::KeyId(KeyId(tail)), 10).await.is_empty());
        assert!(found(&world, &Search::Fingerprint(v4(3)), 10).await.is_empty());
        assert!(found(&world, &Search::Fingerprint(Fingerprint::V3([0; 16])), 10).await.is_empty());
    }
}

on_both_engines! {
    /// All certificates that claim a key are answered: its owner first, the others by fingerprint, up to the limit.
    async fn all_claimants_are_answered(world: World) {
        let claimed = v4(50);
        let owner = sample(50).new_put();
        let claimants = in_order((51..=59).map(v4).collect());
        let mut puts: Vec<_> = (51..=59).map(|n| sample(n).subkey(claimed).new_put()).collect();
        puts.push(owner);
        world.put(&puts).await;
        let expected: Vec<Fingerprint> = std::iter::once(claimed).chain(claimants).collect();
        for search in [Search::Fingerprint(claimed), Search::KeyId(claimed.key_id().unwrap())] {
            assert_eq!(found(&world, &search, 100).await, expected);
            assert_eq!(found(&world, &search, 4).await, expected[..4]);
        }
    }
}

on_both_engines! {
    /// Colliding key IDs: a search by ID finds all, once each even when one certificate has two such keys;
    /// a search by fingerprint finds one.
    async fn key_ids_collide(world: World) {
        let with_id = |first: u8| {
            let mut octets = [first; 20];
            octets[12..].copy_from_slice(&[9; 8]);
            Fingerprint::V4(octets)
        };
        let (a, b, c) = (with_id(1), with_id(2), with_id(3));
        world.put(&[sample(1).fingerprint(a).subkey(b).new_put(), sample(2).fingerprint(c).new_put()]).await;
        assert_eq!(found(&world, &Search::KeyId(KeyId([9; 8])), 10).await, [a, c]);
        assert_eq!(found(&world, &Search::Fingerprint(b), 10).await, [a]);
        assert_eq!(found(&world, &Search::Fingerprint(c), 10).await, [c]);
    }
}

on_both_engines! {
    /// The address of each user ID finds the certificate, whole addresses only.
    async fn every_address_is_found(world: World) {
        let one = sample(1).user_id("Alice <alice@example.org>").user_id("Alice <alice@example.com>").user_id("photo");
        let two = sample(2).user_id("Bob <bob@example.org>").user_id("alice@example.org");
        world.put(&[one.new_put(), two.new_put()]).await;
        let both = in_order(vec![v4(1), v4(2)]);
        for (email, expected) in [
            ("alice@example.org", both),
            ("alice@example.com", vec![v4(1)]),
            ("bob@example.org", vec![v4(2)]),
            ("example.org", vec![]),
            ("alice@example.orgg", vec![]),
            ("a%@example.org", vec![]),
            ("alice\0@example.org", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(found(&world, &Search::Email(email.into()), 10).await, expected, "{email:?}");
        }
    }
}

on_both_engines! {
    /// Words of any script and with any sign in them are matched whole, all of them in one user ID.
    async fn words_are_found(world: World) {
        let texts = [
            "Žofie Nováková <zofie@example.cz>",
            "Anne-Marie O'Neil (work) <anne.marie+tag_1@example.org>",
            "山田 太郎 <yamada@example.jp>",
            "Александр Пушкин",
            "Zofie Novakova",
            "x \"quoted\\name\"@back\\slash.org",
        ];
        let puts: Vec<_> = (1..).zip(texts).map(|(n, text)| sample(n).user_id(text).new_put()).collect();
        world.put(&puts).await;
        world.put(&[sample(9).user_id("Carol first").user_id("Dave second").new_put()]).await;
        for (words, expected) in [
            (&["žofie"][..], vec![v4(1)]),
            (&["zofie"], in_order(vec![v4(1), v4(5)])),
            (&["nováková", "example.cz"], vec![v4(1)]),
            (&["anne-marie"], vec![v4(2)]),
            (&["anne"], vec![v4(2)]),
            (&["neil", "work"], vec![v4(2)]),
            (&["anne.marie+tag_1@example.org"], vec![v4(2)]),
            (&["anne.marie+tag_1"], vec![v4(2)]),
            (&["ann"], vec![]),
            (&["山田"], vec![v4(3)]),
            (&["пушкин"], vec![v4(4)]),
            (&["x \"quoted\\name\"", "back\\slash.org"], vec![v4(6)]),
            (&["carol", "first"], vec![v4(9)]),
            (&["carol", "second"], vec![]),
            (&["carol' | 'dave"], vec![]),
            (&["carol\" OR \"dave"], vec![]),
            (&["carol:*"], vec![]),
            (&["o'neil"], vec![]),
            (&["c*"], vec![]),
            (&["not"], vec![]),
            (&["nul\0"], vec![]),
            (&[""], vec![]),
            (&[], vec![]),
        ] {
            assert_eq!(found(&world, &keywords(words), 10).await, expected, "{words:?}");
        }
    }
}

on_both_engines! {
    /// Each keyword that a user ID may have finds it and no other, whatever its characters.
    async fn any_keyword_is_stored_and_found(world: World) {
        let words = ["it's", "a\\b", "a:b", "a:1", "a_27b", "a'b", "\"", "&", "|", "!", "(", "<->", "a b", "-", "é", "e", "ß", "ss", "ı", "\u{1f600}", "\u{7f}", "\t"];
        let puts: Vec<_> = (0..).zip(words).map(|(n, word)| {
            let mut put = sample(n).user_id("x").new_put();
            put.record.user_ids[0].keywords = vec![word.to_owned()];
            put
        }).collect();
        world.put(&puts).await;
        for (n, word) in (0..).zip(words) {
            assert_eq!(found(&world, &keywords(&[word]), 10).await, [v4(n)], "{word:?}");
        }
    }
}

on_both_engines! {
    /// A text with NUL, which PostgreSQL cannot hold, does not keep a certificate or its neighbours from being stored.
    async fn nul_is_stored_and_not_found(world: World) {
        let mut put = sample(1).user_id("Nul <nul@example.org>").new_put();
        put.record.user_ids[0].text = "Nul\0".into();
        put.record.user_ids[0].email = Some("nul\0@example.org".into());
        put.record.user_ids[0].keywords = vec!["nul\0".into(), String::new(), "other".into()];
        world.put(&[put, sample(2).new_put()]).await;
        assert_eq!(found(&world, &keywords(&["other"]), 10).await, [v4(1)]);
        assert_eq!(world.store.count().await.unwrap(), 2);
    }
}

on_both_engines! {
    /// A digest of either profile finds its certificate.
    async fn digests_of_both_profiles_are_found(world: World) {
        world.put(&[
            sample(1).digests(Some(digest(1, 23)), Some(digest(1, 24))).new_put(),
            sample(2).digests(None, Some(digest(2, 24))).new_put(),
            sample(3).new_put(),
        ]).await;
        for (digest, expected) in [
            (digest(1, 23), vec![v4(1)]),
            (digest(1, 24), vec![v4(1)]),
            (digest(2, 24), vec![v4(2)]),
            (digest(3, 0), vec![v4(3)]),
            (digest(4, 0), vec![]),
        ] {
            assert_eq!(found(&world, &Search::Digest(digest), 10).await, expected);
        }
    }
}

on_both_engines! {
    /// A request by digests is answered once a certificate, up to the limit on octets, but never with nothing
    /// because the first is too large.
    async fn answers_by_digest_are_limited(world: World) {
        let puts: Vec<_> = (1..=5).map(|n| sample(n).octets(1000).new_put()).collect();
        world.put(&puts).await;
        world.put(&[sample(6).octets(1000).digests(Some(digest(6, 23)), Some(digest(6, 24))).new_put()]).await;
        let mut digests: Vec<_> = (1..=5).map(|n| digest(n, 0)).collect();
        digests.extend([digest(6, 23), digest(6, 24), digest(7, 0), digest(1, 0)]);
        for (limit, expected) in [(u64::MAX, 6), (6000, 6), (5999, 5), (2500, 2), (999, 1), (0, 1)] {
            let answer = world.store.by_digests(&digests, limit).await.unwrap();
            assert_eq!(answer.len(), expected, "{limit}");
            assert!(answer.iter().all(|packets| packets.len() == 1000));
        }
        let mut all = world.store.by_digests(&digests, u64::MAX).await.unwrap();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6);
        assert!(world.store.by_digests(&[digest(8, 0)], 1).await.unwrap().is_empty());
        assert!(world.store.by_digests(&[], 1).await.unwrap().is_empty());
    }
}

on_both_engines! {
    /// Damaged rows are an error that names the place, not a panic and not an answer.
    async fn damaged_rows_are_named(world: World) {
        world.put(&[sample(1).new_put()]).await;
        let blob = if world.url.starts_with("sqlite") { "x'09ff'" } else { "'\\x09ff'" };
        world.execute(&format!("UPDATE certs SET summary = {blob}, legacy_form = 1")).await;
        let search = Search::Fingerprint(v4(1));
        let error = world.store.summaries(&search, 1).await.unwrap_err();
        assert_eq!(error.to_string(), "inconsistent data in certs.summary: unknown format 9");
        let error = world.store.certificates(&search, 1).await.unwrap_err();
        assert_eq!(error.to_string(), "inconsistent data in certs.legacy_form: 1 without packets");
        assert!(!error.is_transient());
    }
}
