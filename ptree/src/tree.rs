//! The prefix tree: a set of elements that knows the samples of every part of itself.

mod bulk;
mod check;
mod elements;
mod part;
mod visit;

use std::fmt;

use crate::{Difference, Element, Prefix, Samples};
use part::Part;

pub use bulk::NotSorted;
pub use check::{Checked, Inconsistency};
pub use elements::Elements;

/// A set of elements, divided by their first bits, with the samples of every part.
///
/// A clone costs nothing and is a snapshot: parts are shared until one of the two changes, which
/// copies only the path from the root to the leaf.
#[derive(Clone)]
pub struct Tree {
    root: Part,
}

/// What a tree knows of the elements with one prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// How many there are.
    pub count: usize,
    /// Their samples.
    pub samples: Samples,
    /// Whether the tree divides them no further.
    pub is_leaf: bool,
}

impl Tree {
    /// A tree of no elements.
    pub fn new() -> Self {
        Self { root: Part::leaf(&[]) }
    }

    /// The tree of strictly ascending elements, built on all cores in linear time.
    pub fn from_sorted(elements: &[Element]) -> Result<Self, NotSorted> {
        bulk::check_order(elements)?;
        Ok(Self { root: bulk::build_on_all_cores(elements) })
    }

    /// Adds an element; `false` where it is there already.
    pub fn insert(&mut self, element: Element) -> bool {
        let absent = !self.contains(element);
        if absent {
            self.root.insert(element, &Samples::of([element]));
        }
        absent
    }

    /// Takes an element away; `false` where it is not there.
    pub fn remove(&mut self, element: Element) -> bool {
        let present = self.contains(element);
        if present {
            self.root.remove(element, &Samples::without(element));
        }
        present
    }

    /// Whether the element is there.
    pub fn contains(&self, element: Element) -> bool {
        self.root.contains(element)
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.root.count()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples of all elements: equal, but for a chance of 2^-700, where the sets are equal.
    pub fn samples(&self) -> Samples {
        self.root.samples()
    }

    /// The elements with `prefix`, in numbers: any prefix, whether or not the tree divides so far.
    pub fn node(&self, prefix: Prefix) -> Node {
        let (part, range) = self.root.find(prefix);
        match range {
            None => Node { count: part.count(), samples: part.samples(), is_leaf: part.is_leaf() },
            Some(range) => Node { count: range.len(), samples: Samples::of(range.iter().copied()), is_leaf: true },
        }
    }

    /// How many elements have `prefix`.
    pub fn count(&self, prefix: Prefix) -> usize {
        let (part, range) = self.root.find(prefix);
        range.map_or_else(|| part.count(), <[Element]>::len)
    }

    /// The elements with `prefix`, in ascending order.
    pub fn elements(&self, prefix: Prefix) -> Elements<'_> {
        let (part, range) = self.root.find(prefix);
        range.map_or_else(|| Elements::of_part(part), Elements::of_leaf)
    }

    /// Computes everything again and compares: what the tree consists of, or the first difference.
    ///
    /// It takes as long as building the tree on one core.
    pub fn check(&self) -> Result<Checked, Inconsistency> {
        check::check(&self.root)
    }

    /// The heap that the tree takes, including what it shares with clones, without the overhead of the
    /// allocator. Walks over all parts.
    pub fn memory_octets(&self) -> usize {
        visit::memory_octets(&self.root)
    }
}

impl Difference {
    /// Whether the difference can be that of the elements of `tree` with `prefix` and others with it: forged
    /// samples can be explained by elements that are not there.
    pub fn agrees_with(&self, tree: &Tree, prefix: Prefix) -> bool {
        let mut all = self.remote_only.iter().chain(&self.local_only);
        all.all(|element| prefix.contains(*element))
            && self.local_only.iter().all(|element| tree.contains(*element))
            && !self.remote_only.iter().any(|element| tree.contains(*element))
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").field("elements", &self.len()).finish_non_exhaustive()
    }
}

impl FromIterator<Element> for Tree {
    /// The tree of elements in any order; each counts once.
    fn from_iter<I: IntoIterator<Item = Element>>(elements: I) -> Self {
        let mut sorted: Vec<Element> = elements.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self { root: bulk::build_on_all_cores(&sorted) }
    }
}
