//! Walking over all parts of a tree.

use std::mem;

use super::part::{Inner, Part};
use crate::{Element, Prefix};

/// The two counters that every shared allocation begins with.
const COUNTERS: usize = 2 * mem::size_of::<usize>();

/// Sees every part of a tree, from left to right.
pub(super) trait Visitor {
    /// What ends the walk.
    type Stop;

    fn leaf(&mut self, prefix: Prefix, elements: &[Element]) -> Result<(), Self::Stop>;

    /// Before all that is below the node.
    fn enter(&mut self, prefix: Prefix, inner: &Inner) -> Result<(), Self::Stop>;

    /// After all that is below the node.
    fn leave(&mut self, prefix: Prefix, inner: &Inner) -> Result<(), Self::Stop>;
}

/// Shows `visitor` the part with `prefix` and all below it.
pub(super) fn visit<V: Visitor>(part: &Part, prefix: Prefix, visitor: &mut V) -> Result<(), V::Stop> {
    match part {
        Part::Leaf(elements) => visitor.leaf(prefix, elements),
        Part::Inner(inner) => {
            visitor.enter(prefix, inner)?;
            let prefixes = prefix.children().into_iter().flatten();
            inner.children.iter().zip(prefixes).try_for_each(|(child, prefix)| visit(child, prefix, visitor))?;
            visitor.leave(prefix, inner)
        }
    }
}

/// The octets of all parts.
pub(super) fn memory_octets(root: &Part) -> usize {
    let mut octets = Octets(0);
    let Ok(()) = visit(root, Prefix::ROOT, &mut octets);
    octets.0
}

struct Octets(usize);

impl Visitor for Octets {
    type Stop = std::convert::Infallible;

    fn leaf(&mut self, _: Prefix, elements: &[Element]) -> Result<(), Self::Stop> {
        self.0 += COUNTERS + mem::size_of_val(elements);
        Ok(())
    }

    fn enter(&mut self, _: Prefix, inner: &Inner) -> Result<(), Self::Stop> {
        self.0 += COUNTERS + mem::size_of_val(inner);
        Ok(())
    }

    fn leave(&mut self, _: Prefix, _: &Inner) -> Result<(), Self::Stop> {
        Ok(())
    }
}
