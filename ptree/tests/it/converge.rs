//! Two sessions against each other: whatever the sets, both sides learn what they lack.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof};
use proptest::proptest;
use ptree::testing::{Pair, Path, Random, only, set};

use crate::support::Set;

/// How two sets can lie to each other.
fn sizes() -> impl Strategy<Value = (usize, [usize; 2])> {
    prop_oneof![
        (0..400usize, 0..30usize, 0..30usize).prop_map(|(common, one, other)| (common, [one, other])),
        (0..3000usize, 0..6usize, 0..6usize).prop_map(|(common, one, other)| (common, [one, other])),
        (Just(0usize), 0..800usize, 0..800usize).prop_map(|(common, one, other)| (common, [one, other])),
        (0..60usize, 0..2usize, 0..2000usize).prop_map(|(common, one, other)| (common, [one, other])),
        (0..60usize, 0..2000usize, 0..2usize).prop_map(|(common, one, other)| (common, [one, other])),
        (0..2000usize).prop_map(|common| (common, [0, 0])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// One session finds exactly the differences, on any connection that does not fail.
    #[test]
    fn one_session_finds_all_differences(seed: u64, (common, own) in sizes(), fragment in 1..3000usize) {
        let [lead, follow] = Random::new(seed).two_sets(common, own);
        let latency = Duration::from_millis(seed % 80);
        let pair = Pair { path: Path { fragment, latency, ..Path::default() }, ..Pair::new(&lead, &follow) };
        exact(&pair, &lead, &follow);
    }

    /// Three servers, each of which talks with the next in turn, end with the union, although connections are slow,
    /// deliver in parts and break.
    #[test]
    fn three_sets_converge(seed: u64, sizes in [0..300usize, 0..60, 0..60, 0..60], lost in vec(0..30_000u64, 0..9)) {
        let (mut sets, union) = three_sets(seed, sizes);
        let mut random = Random::new(!seed);
        let calm = [None; 6];
        for (turn, lost_after) in lost.into_iter().map(Some).chain(calm).enumerate() {
            let [lead, follow] = [turn % 3, (turn + 1) % 3];
            let [fragment, latency] = [1500, 300].map(|limit| random.number() % limit);
            let latency = Duration::from_millis(latency);
            let fragment = usize::try_from(fragment).unwrap() + 1;
            let path = Path { fragment, latency, lost_after, ..Path::default() };
            let mut pair = Pair { path, ..Pair::new(&sets[lead], &sets[follow]) };
            pair.reconcile();
            (sets[lead], sets[follow]) = (set(&pair.lead), set(&pair.follow));
        }
        proptest::prop_assert!(sets.iter().all(|set| *set == union));
    }

    /// Sets whose elements share long beginnings make deep trees, and are found out as well.
    #[test]
    fn clustered_sets_converge(seed: u64, common in 0..300usize, one in 0..40usize, other in 0..40usize) {
        let [lead, follow] = Random::new(seed).two_sets(common, [one, other]).map(|set| clustered(&set));
        exact(&Pair::new(&lead, &follow), &lead, &follow);
    }
}

/// Three sets with elements that all have, and some that only one has; and their union.
fn three_sets(seed: u64, sizes: [usize; 4]) -> ([Set; 3], Set) {
    let mut random = Random::new(seed);
    let [common, own @ ..] = sizes.map(|size| random.elements(size));
    let sets = own.map(|own| &own | &common);
    let union = sets.iter().flatten().copied().collect();
    (sets, union)
}

fn exact(pair: &Pair, lead: &Set, follow: &Set) {
    let finished = pair.run();
    assert_eq!((&finished.lead.result, &finished.follow.result), (&Ok(()), &Ok(())));
    assert_eq!(finished.lead.learned, only(follow, lead));
    assert_eq!(finished.follow.learned, only(lead, follow));
    assert!(!finished.lead.capped && !finished.follow.capped);
}

/// The same elements with the first twelve octets alike.
fn clustered(set: &Set) -> Set {
    let near = |element: ptree::Element| {
        let mut digest = [0xa5; 16];
        digest[12..].copy_from_slice(&element.digest()[..4]);
        ptree::Element::new(digest).unwrap()
    };
    set.iter().map(|element| near(*element)).collect()
}

/// One octet at a time changes nothing but the time.
#[test]
fn single_octets_are_enough() {
    let [lead, follow] = Random::new(5).two_sets(2000, [40, 60]);
    let path =
        Path { fragment: 1, drip: Duration::from_micros(50), latency: Duration::from_millis(20), ..Path::default() };
    exact(&Pair { path, ..Pair::new(&lead, &follow) }, &lead, &follow);
}

/// One difference in a million costs one question.
#[test]
fn one_in_a_million_is_found_at_once() {
    let [lead, follow] = Random::new(9).two_sets(1_000_000, [0, 1]);
    let pair = Pair::new(&lead, &follow);
    exact(&pair, &lead, &follow);
    let work = pair.run().lead.work;
    assert_eq!((work.polynomials, work.fulls, work.rounds), (1, 0, 1));
}

/// More differences than a session may move are moved by several, each of which says that more is left.
#[test]
fn large_differences_take_several_sessions() {
    let [lead, follow] = Random::new(11).two_sets(5000, [3000, 4000]);
    let mut pair = Pair::new(&lead, &follow);
    (pair.limits.learned, pair.limits.given, pair.limits.reply_elements) = (600, 700, 50);
    let sessions = sessions_until_equal(&mut pair);
    assert!((7..40).contains(&sessions), "{sessions} sessions");
}

/// An empty side catches up, whichever it is, although the other side may not say everything at once.
#[test]
fn an_empty_side_catches_up() {
    let full = Random::new(12).elements(9000);
    for (lead, follow) in [(&full, &Set::new()), (&Set::new(), &full)] {
        let mut pair = Pair::new(lead, follow);
        (pair.limits.learned, pair.limits.given, pair.limits.reply_elements) = (2000, 2500, 300);
        let sessions = sessions_until_equal(&mut pair);
        assert!((4..40).contains(&sessions), "{sessions} sessions");
    }
}

/// A limit on requests ends the session in order, and says that more is left.
#[test]
fn a_limit_on_requests_ends_in_order() {
    let [lead, follow] = Random::new(13).two_sets(3000, [200, 200]);
    let mut pair = Pair::new(&lead, &follow);
    pair.limits.requests = 10;
    let finished = pair.run();
    assert_eq!((finished.lead.result, finished.follow.result), (Ok(()), Ok(())));
    assert!(finished.lead.capped);
}

fn sessions_until_equal(pair: &mut Pair) -> usize {
    for count in 1..100 {
        let finished = pair.reconcile();
        assert_eq!((&finished.lead.result, &finished.follow.result), (&Ok(()), &Ok(())));
        assert!(finished.lead.learned.len() <= pair.limits.learned);
        assert!(finished.follow.learned.len() <= pair.limits.learned);
        if !finished.lead.capped && !finished.follow.capped {
            assert_eq!(set(&pair.lead), set(&pair.follow), "a session that left nothing left something");
            return count;
        }
    }
    panic!("the sets do not become equal");
}
