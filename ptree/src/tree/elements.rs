//! The elements of a part, one after another.

use std::iter::FusedIterator;
use std::slice;

use super::part::Part;
use crate::Element;

/// The elements with one prefix, in ascending order.
#[derive(Clone)]
pub struct Elements<'a> {
    leaf: slice::Iter<'a, Element>,
    /// What follows the leaf, the next part last: at most three for each level of the tree.
    stack: Vec<&'a Part>,
    remaining: usize,
}

impl<'a> Elements<'a> {
    pub(super) fn of_part(part: &'a Part) -> Self {
        Self { leaf: [].iter(), stack: vec![part], remaining: part.count() }
    }

    pub(super) fn of_leaf(elements: &'a [Element]) -> Self {
        Self { leaf: elements.iter(), stack: Vec::new(), remaining: elements.len() }
    }
}

impl Iterator for Elements<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        loop {
            if let Some(element) = self.leaf.next() {
                self.remaining = self.remaining.saturating_sub(1);
                return Some(*element);
            }
            match self.stack.pop()? {
                Part::Leaf(elements) => self.leaf = elements.iter(),
                Part::Inner(inner) => self.stack.extend(inner.children.iter().rev()),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl ExactSizeIterator for Elements<'_> {}

impl FusedIterator for Elements<'_> {}

impl std::fmt::Debug for Elements<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Elements").field("remaining", &self.remaining).finish_non_exhaustive()
    }
}
