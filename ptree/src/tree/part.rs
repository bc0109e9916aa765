//! The parts of a tree: leaves, which hold elements, and inner nodes, which hold four parts.

use std::sync::Arc;

use super::bulk;
use super::elements::Elements;
use crate::params::{JOIN, SPLIT};
use crate::prefix::QUANTUM;
use crate::{Element, Prefix, Samples};

/// The elements below one prefix.
#[derive(Clone)]
pub(super) enum Part {
    /// In ascending order; their samples are computed when asked for.
    Leaf(Arc<[Element]>),
    /// Divided by the next two bits.
    Inner(Arc<Inner>),
}

/// A part that is divided further.
#[derive(Clone)]
pub(super) struct Inner {
    pub(super) count: usize,
    pub(super) samples: Samples,
    pub(super) children: [Part; 4],
}

impl Part {
    /// A leaf of ascending elements.
    pub(super) fn leaf(elements: &[Element]) -> Self {
        Self::Leaf(Arc::from(elements))
    }

    /// The inner node of four parts.
    pub(super) fn inner(children: [Part; 4]) -> Self {
        let mut samples = Samples::EMPTY;
        children.iter().for_each(|child| samples.multiply(&child.samples()));
        Self::Inner(Arc::new(Inner { count: children.iter().map(Self::count).sum(), samples, children }))
    }

    pub(super) fn is_leaf(&self) -> bool {
        matches!(self, Self::Leaf(_))
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Self::Leaf(elements) => elements.len(),
            Self::Inner(inner) => inner.count,
        }
    }

    pub(super) fn samples(&self) -> Samples {
        match self {
            Self::Leaf(elements) => Samples::of(elements.iter().copied()),
            Self::Inner(inner) => inner.samples,
        }
    }

    pub(super) fn contains(&self, element: Element) -> bool {
        let (mut part, mut length) = (self, 0);
        loop {
            match part {
                Self::Leaf(elements) => return elements.binary_search(&element).is_ok(),
                Self::Inner(inner) => part = inner.child(element.key(), length),
            }
            length += QUANTUM;
        }
    }

    /// The part of this root that has `prefix`; or the leaf above it, with those elements that have it.
    pub(super) fn find(&self, prefix: Prefix) -> (&Self, Option<&[Element]>) {
        let (mut part, mut length) = (self, 0);
        while length < prefix.length() {
            match part {
                Self::Leaf(elements) => return (part, Some(range(elements, prefix))),
                Self::Inner(inner) => part = inner.child(*prefix.keys().start(), length),
            }
            length += QUANTUM;
        }
        (part, None)
    }

    /// Adds to this root an element that is not there; `factor` is its samples.
    pub(super) fn insert(&mut self, element: Element, factor: &Samples) {
        let (mut part, mut length) = (self, 0);
        while let Self::Inner(inner) = part {
            let inner = Arc::make_mut(inner);
            inner.count += 1;
            inner.samples.multiply(factor);
            part = inner.child_mut(element.key(), length);
            length += QUANTUM;
        }
        let Self::Leaf(elements) = &*part else { return };
        let at = elements.partition_point(|other| *other < element);
        let (before, after) = elements.split_at(at);
        let enlarged = [before, &[element], after].concat();
        *part = if enlarged.len() > SPLIT { bulk::build(&enlarged, length) } else { Self::leaf(&enlarged) };
    }

    /// Takes away from this root an element that is there; `factor` takes it from samples.
    pub(super) fn remove(&mut self, element: Element, factor: &Samples) {
        let (mut part, mut length) = (self, 0);
        while part.count() > JOIN + 1 {
            let Self::Inner(inner) = part else { break };
            let inner = Arc::make_mut(inner);
            inner.count -= 1;
            inner.samples.multiply(factor);
            part = inner.child_mut(element.key(), length);
            length += QUANTUM;
        }
        // A leaf, or an inner node that becomes one.
        let rest: Vec<Element> = Elements::of_part(part).filter(|other| *other != element).collect();
        *part = Self::leaf(&rest);
    }
}

impl Inner {
    /// The child of a node `length` bits below the root to which `key` belongs.
    fn child(&self, key: u128, length: u32) -> &Part {
        let [a, b, c, d] = &self.children;
        match Prefix::branch(key, length) {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        }
    }

    fn child_mut(&mut self, key: u128, length: u32) -> &mut Part {
        let [a, b, c, d] = &mut self.children;
        match Prefix::branch(key, length) {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        }
    }
}

/// Those of ascending elements that have `prefix`.
fn range(elements: &[Element], prefix: Prefix) -> &[Element] {
    let keys = prefix.keys();
    let from = elements.partition_point(|element| element.key() < *keys.start());
    let to = elements.partition_point(|element| element.key() <= *keys.end());
    elements.get(from..to).unwrap_or_default()
}
