//! The tree against a sorted set and naive products.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;
use ptree::field::Fp;
use ptree::params::{JOIN, POINTS, SPLIT};
use ptree::{Element, NotSorted, Prefix, Samples, Tree};

use super::generators::{Random, element, prefix_of};

/// What happens to a tree. The elements come from a pool, so that many are there or not there already.
#[derive(Clone, Debug)]
enum Step {
    Insert(Index),
    Remove(Index),
    /// All of the pool from one index to another.
    InsertMany(Index, Index),
    RemoveMany(Index, Index),
    Clone,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<Index>().prop_map(Step::Insert),
        6 => any::<Index>().prop_map(Step::Remove),
        3 => any::<(Index, Index)>().prop_map(|(from, to)| Step::InsertMany(from, to)),
        2 => any::<(Index, Index)>().prop_map(|(from, to)| Step::RemoveMany(from, to)),
        1 => prop_oneof![prop::strategy::Just(Step::Clone)],
    ]
}

fn pool(most: usize) -> impl Strategy<Value = Vec<Element>> {
    prop::collection::btree_set(element(), 1..most).prop_map(|pool| pool.into_iter().collect())
}

/// A tree and what it should hold.
#[derive(Clone, Default)]
struct Pair {
    tree: Tree,
    model: BTreeSet<Element>,
}

impl Pair {
    fn insert(&mut self, element: Element) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.tree.insert(element), self.model.insert(element));
        Ok(())
    }

    fn remove(&mut self, element: Element) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.tree.remove(element), self.model.remove(&element));
        Ok(())
    }

    fn compare(&self, pool: &[Element], lengths: &[u8]) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.tree.len(), self.model.len());
        prop_assert_eq!(self.tree.is_empty(), self.model.is_empty());
        prop_assert_eq!(self.tree.samples(), naive(&self.model));
        let checked = self.tree.check();
        prop_assert_eq!(checked.map(|checked| checked.elements), Ok(self.model.len()));
        for (element, length) in pool.iter().zip(lengths.iter().cycle()) {
            prop_assert_eq!(self.tree.contains(*element), self.model.contains(element));
            self.compare_prefix(prefix_of(*element, u32::from(*length) * 2))?;
        }
        self.compare_prefix(Prefix::ROOT)
    }

    fn compare_prefix(&self, prefix: Prefix) -> Result<(), TestCaseError> {
        let expected: Vec<Element> = self.model.iter().copied().filter(|element| prefix.contains(*element)).collect();
        let node = self.tree.node(prefix);
        prop_assert_eq!((node.count, self.tree.count(prefix)), (expected.len(), expected.len()));
        prop_assert_eq!(node.samples, naive(&expected));
        let fits = if node.is_leaf { node.count <= SPLIT } else { node.count > JOIN };
        prop_assert!(fits);
        let elements = self.tree.elements(prefix);
        prop_assert_eq!(elements.len(), expected.len());
        prop_assert!(elements.eq(expected));
        Ok(())
    }
}

/// Samples by their definition.
fn naive<'a>(elements: impl IntoIterator<Item = &'a Element> + Copy) -> Samples {
    Samples::new(POINTS.map(|point| {
        elements.into_iter().fold(Fp::ONE, |product, element| {
            product * (point - Fp::from_number(u128::from_le_bytes(element.digest())))
        })
    }))
}

fn between<'a>(pool: &'a [Element], from: &Index, to: &Index) -> &'a [Element] {
    let (one, two) = (from.index(pool.len()), to.index(pool.len()));
    &pool[one.min(two)..one.max(two)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// After any history a tree is what a set with the same history is, in every part, and so is each of its
    /// clones at the time it was made.
    #[test]
    fn histories(
        pool in pool(250),
        steps in prop::collection::vec(step(), 1..40),
        lengths in prop::collection::vec(0..=64_u8, 16),
    ) {
        let mut pair = Pair::default();
        let mut snapshots = Vec::new();
        for step in steps {
            match step {
                Step::Insert(at) => pair.insert(*at.get(&pool))?,
                Step::Remove(at) => pair.remove(*at.get(&pool))?,
                Step::InsertMany(from, to) => {
                    between(&pool, &from, &to).iter().try_for_each(|element| pair.insert(*element))?;
                }
                Step::RemoveMany(from, to) => {
                    between(&pool, &from, &to).iter().try_for_each(|element| pair.remove(*element))?;
                }
                Step::Clone => snapshots.push(pair.clone()),
            }
        }
        pair.compare(&pool, &lengths)?;
        snapshots.iter().try_for_each(|snapshot| snapshot.compare(&pool, &lengths))?;
    }

    /// Building gives the tree that inserting in any order gives.
    #[test]
    fn building(pool in pool(400), order in any::<u64>(), lengths in prop::collection::vec(0..=64_u8, 16)) {
        let built = Tree::from_sorted(&pool).unwrap();
        let mut shuffled = pool.clone();
        let mut random = Random::new(order);
        shuffled.sort_by_cached_key(|_| random.next());
        let mut grown = Tree::new();
        shuffled.iter().for_each(|element| assert!(grown.insert(*element)));
        prop_assert_eq!(built.check(), grown.check());
        for element in &pool {
            for length in &lengths {
                let prefix = prefix_of(*element, u32::from(*length) * 2);
                prop_assert_eq!(built.node(prefix), grown.node(prefix));
            }
        }
        let model = pool.iter().copied().collect();
        Pair { tree: built, model }.compare(&pool, &lengths)?;
    }

    /// Only strictly ascending elements are built, and the error names the first that is not.
    #[test]
    fn order(pool in pool(40), at in any::<Index>(), other in any::<Index>()) {
        let (at, other) = (at.index(pool.len()), other.index(pool.len()));
        let mut wrong = pool.clone();
        wrong.insert(at, pool[other]);
        let first = (1..wrong.len()).find(|at| wrong[at - 1] >= wrong[*at]).unwrap();
        prop_assert_eq!(Tree::from_sorted(&wrong).unwrap_err(), NotSorted { at: first });
    }
}

/// A tree that several threads build, with most elements in one corner, is the one that is grown.
#[test]
fn building_on_all_cores() {
    let mut random = Random::new(1);
    let mut corner = || {
        let mut digest = random.element().digest();
        if digest[0] != 0 {
            digest[1] = 0x55;
            digest[0] = 0xaa;
        }
        Element::new(digest).unwrap()
    };
    let all: BTreeSet<Element> = (0..12_000).map(|_| corner()).collect();
    let sorted: Vec<Element> = all.iter().copied().collect();
    let built = Tree::from_sorted(&sorted).unwrap();
    let mut grown = Tree::new();
    all.iter().for_each(|element| assert!(grown.insert(*element)));
    assert_eq!(built.check(), grown.check());
    assert_eq!(built.check().unwrap().elements, all.len());
    assert!(built.elements(Prefix::ROOT).eq(all));
    walk(Prefix::ROOT, &mut |prefix| {
        assert_eq!(built.node(prefix), grown.node(prefix));
        if built.node(prefix).is_leaf { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
}

/// Elements that differ only in their last bits make the deepest possible tree, and leave an empty one.
#[test]
fn the_deepest_tree() {
    let near = |low: u8| Element::new([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, low]).unwrap();
    let mut tree = Tree::new();
    (0..=255).for_each(|low| assert!(tree.insert(near(low))));
    let checked = tree.check().unwrap();
    assert_eq!((checked.elements, checked.depth), (256, 62));
    let deepest = prefix_of(near(200), 128);
    assert_eq!(deepest.children(), None);
    assert_eq!(tree.elements(deepest).collect::<Vec<_>>(), [near(200)]);
    (0..=255).for_each(|low| assert!(tree.remove(near(low)) && tree.check().is_ok()));
    assert!(tree.is_empty());
    assert_eq!(tree.samples(), Samples::EMPTY);
    assert_eq!(tree.check(), Tree::new().check());
}

/// Trees can be shared between threads.
#[test]
fn trees_are_shared() {
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    shared(&Tree::new());
}

/// Shows `look` all prefixes from the top, below those at which it goes on.
fn walk(prefix: Prefix, look: &mut impl FnMut(Prefix) -> ControlFlow<()>) {
    if look(prefix).is_continue() {
        prefix.children().into_iter().flatten().for_each(|child| walk(child, look));
    }
}
