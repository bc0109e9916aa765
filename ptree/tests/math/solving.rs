//! Solving real differences, too large ones and forged samples.

use std::collections::BTreeSet;

use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use ptree::field::Fp;
use ptree::params::POINTS;
use ptree::{Difference, Element, Prefix, Samples, Tree, Unsolved, solve};

use super::generators::{Random, element, number};

/// Far more random numbers than any solving may draw: two for each of 64 tries, for each of few factors.
const DRAWS: u32 = 2 * 64 * 8;

fn sets() -> impl Strategy<Value = (Vec<Element>, usize, usize)> {
    (0..30_usize, 0..8_usize, 0..8_usize).prop_flat_map(|(common, remote, local)| {
        let all = prop::collection::btree_set(element(), common + remote + local);
        (all.prop_map(|all| all.into_iter().collect::<Vec<_>>()).prop_shuffle(), Just(remote), Just(local))
    })
}

fn samples(elements: &[&[Element]]) -> Samples {
    Samples::of(elements.concat())
}

proptest! {
    /// Up to five differences are found exactly, more are never taken for fewer.
    #[test]
    fn real_sets((all, remote, local) in sets(), seed in any::<u64>()) {
        let (remote_only, rest) = all.split_at(remote);
        let (local_only, common) = rest.split_at(local);
        let (remote_samples, local_samples) = (samples(&[common, remote_only]), samples(&[common, local_only]));
        let mut random = Random::new(seed);
        let difference = i64::try_from(remote).unwrap() - i64::try_from(local).unwrap();
        let solved = solve(&remote_samples, &local_samples, difference, &mut || random.next());
        prop_assert!(random.drawn <= DRAWS);
        if remote + local > 5 {
            prop_assert!(matches!(solved, Err(Unsolved::NoFraction | Unsolved::TooMany)), "{:?}", solved);
            return Ok(());
        }
        let sorted = |elements: &[Element]| elements.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let expected = Difference { remote_only: sorted(remote_only), local_only: sorted(local_only) };
        prop_assert_eq!(solved.as_ref(), Ok(&expected));
        let tree: Tree = [common, local_only].concat().into_iter().collect();
        prop_assert!(expected.agrees_with(&tree, Prefix::ROOT));
    }

    /// Arbitrary samples and counts end in an answer, within bounded work, that explains the samples.
    #[test]
    fn arbitrary_samples(
        remote in prop::array::uniform6(number()),
        local in prop::array::uniform6(number()),
        difference in prop_oneof![8 => -7..=7_i64, 1 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)],
        seed in prop_oneof![any::<u64>().prop_map(Some), Just(None)],
    ) {
        let mut random = Random::new(seed.unwrap_or(0));
        let mut draws = || if seed.is_some() { random.next() } else { 0 };
        let solved = solve(&Samples::new(remote), &Samples::new(local), difference, &mut draws);
        prop_assert!(random.drawn <= DRAWS);
        if remote.contains(&Fp::ZERO) || local.contains(&Fp::ZERO) {
            prop_assert!(matches!(solved, Err(Unsolved::ZeroSample | Unsolved::TooMany)));
        } else if let Ok(found) = solved {
            let mut explained = Samples::new(local);
            explained.multiply(&Samples::of(found.remote_only));
            found.local_only.iter().for_each(|element| explained.exclude(*element));
            prop_assert_eq!(explained, Samples::new(remote));
        }
    }

    /// Samples made from roots of any kind, and from a factor without roots, are solved only where the
    /// roots are different elements.
    #[test]
    fn forged_roots(
        remote in prop::collection::vec(number(), 0..4),
        local in prop::collection::vec(number(), 0..3),
        irreducible in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let degree = remote.len() + if irreducible { 2 } else { 0 };
        let product = |roots: &[Fp], point| roots.iter().fold(Fp::ONE, |product, root| product * (point - *root));
        // 2 is no square, so that z^2 - 2 has no roots.
        let factor = |point: Fp| if irreducible { point * point - Fp::from_number(2) } else { Fp::ONE };
        let forged = Samples::new(POINTS.map(|point| product(&remote, point) * factor(point)));
        let own = Samples::new(POINTS.map(|point| product(&local, point)));
        let difference = i64::try_from(degree).unwrap() - i64::try_from(local.len()).unwrap();
        let mut random = Random::new(seed);
        let solved = solve(&forged, &own, difference, &mut || random.next());
        prop_assert!(random.drawn <= DRAWS);
        let elements = |roots: &[Fp]| -> Option<BTreeSet<Element>> {
            let found = roots.iter().map(|root| Element::new(root.as_number()?.to_le_bytes())).collect::<Option<BTreeSet<_>>>();
            found.filter(|found| found.len() == roots.len())
        };
        let apart = remote.iter().all(|root| !local.contains(root));
        if degree + local.len() > 5 || !apart {
            return Ok(());
        }
        match (elements(&remote), elements(&local)) {
            (Some(remote), Some(local)) if !irreducible => {
                let found = solved.unwrap();
                prop_assert!(found.remote_only.into_iter().eq(remote) && found.local_only.into_iter().eq(local));
            }
            _ => prop_assert!(
                matches!(solved, Err(Unsolved::ZeroSample | Unsolved::NotASet | Unsolved::NotElements)),
                "{:?}", solved
            ),
        }
    }
}

/// A difference does not agree with a tree that has or lacks the wrong elements, or with another prefix.
#[test]
fn agreement() {
    let mut random = Random::new(7);
    let (one, two) = (random.element(), random.element());
    let tree: Tree = [one].into_iter().collect();
    let difference =
        |remote: &[Element], local: &[Element]| Difference { remote_only: remote.to_vec(), local_only: local.to_vec() };
    assert!(difference(&[two], &[one]).agrees_with(&tree, Prefix::ROOT));
    assert!(!difference(&[one], &[]).agrees_with(&tree, Prefix::ROOT));
    assert!(!difference(&[], &[two]).agrees_with(&tree, Prefix::ROOT));
    let other = Prefix::ROOT.children().unwrap().into_iter().find(|prefix| !prefix.contains(two)).unwrap();
    assert!(!difference(&[two], &[]).agrees_with(&tree, other));
}
