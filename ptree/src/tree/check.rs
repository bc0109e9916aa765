//! Whether a tree is what it says: everything is computed again from the elements.

use thiserror::Error;

use super::part::{Inner, Part};
use super::visit::{Visitor, visit};
use crate::params::{JOIN, SPLIT};
use crate::{Element, Prefix, Samples};

/// What a tree without a mistake consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Elements.
    pub elements: usize,
    /// Parts that hold elements.
    pub leaves: usize,
    /// Parts that are divided.
    pub inner: usize,
    /// Inner nodes above the deepest leaf.
    pub depth: usize,
}

/// A mistake in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Inconsistency {
    /// A leaf holds an element of another.
    #[error("{element} is in the leaf {prefix}")]
    Misplaced {
        /// The element.
        element: Element,
        /// The leaf.
        prefix: Prefix,
    },
    /// The elements of a leaf do not ascend.
    #[error("the elements of the leaf {prefix} do not ascend")]
    Disorder {
        /// The leaf.
        prefix: Prefix,
    },
    /// A node does not count the elements that are below it.
    #[error("{prefix} counts {stored} elements and has {found}")]
    Count {
        /// The node.
        prefix: Prefix,
        /// What it counts.
        stored: usize,
        /// What is there.
        found: usize,
    },
    /// The samples of a node are not those of its elements.
    #[error("the samples of {prefix} are not those of its elements")]
    Samples {
        /// The node.
        prefix: Prefix,
    },
    /// A leaf should be divided, or an inner node should not.
    #[error("{prefix} has {count} elements, which does not fit its kind")]
    Shape {
        /// The part.
        prefix: Prefix,
        /// Its elements.
        count: usize,
    },
}

/// Checks all parts below a root.
pub(super) fn check(root: &Part) -> Result<Checked, Inconsistency> {
    let mut audit = Audit::default();
    visit(root, Prefix::ROOT, &mut audit)?;
    Ok(audit.checked)
}

/// What was found below one inner node so far.
struct Found {
    count: usize,
    samples: Samples,
}

#[derive(Default)]
struct Audit {
    checked: Checked,
    /// One for each inner node above the part that is looked at, the root first.
    above: Vec<Found>,
}

impl Audit {
    fn add(&mut self, count: usize, samples: &Samples) {
        if let Some(found) = self.above.last_mut() {
            found.count += count;
            found.samples.multiply(samples);
        }
    }
}

impl Visitor for Audit {
    type Stop = Inconsistency;

    fn leaf(&mut self, prefix: Prefix, elements: &[Element]) -> Result<(), Inconsistency> {
        if let Some(element) = elements.iter().find(|element| !prefix.contains(**element)) {
            return Err(Inconsistency::Misplaced { element: *element, prefix });
        }
        if !elements.is_sorted_by(|one, next| one < next) {
            return Err(Inconsistency::Disorder { prefix });
        }
        if elements.len() > SPLIT {
            return Err(Inconsistency::Shape { prefix, count: elements.len() });
        }
        self.checked.leaves += 1;
        self.checked.elements += elements.len();
        self.add(elements.len(), &Samples::of(elements.iter().copied()));
        Ok(())
    }

    fn enter(&mut self, _: Prefix, _: &Inner) -> Result<(), Inconsistency> {
        self.above.push(Found { count: 0, samples: Samples::EMPTY });
        self.checked.inner += 1;
        self.checked.depth = self.checked.depth.max(self.above.len());
        Ok(())
    }

    fn leave(&mut self, prefix: Prefix, inner: &Inner) -> Result<(), Inconsistency> {
        let Some(Found { count, samples }) = self.above.pop() else { return Ok(()) };
        if count != inner.count {
            return Err(Inconsistency::Count { prefix, stored: inner.count, found: count });
        }
        if samples != inner.samples {
            return Err(Inconsistency::Samples { prefix });
        }
        if count <= JOIN {
            return Err(Inconsistency::Shape { prefix, count });
        }
        self.add(count, &samples);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Inconsistency, Inner, Part, check};
    use crate::field::Fp;
    use crate::tree::bulk::build;
    use crate::{Element, Prefix, Samples};

    fn elements(count: u8) -> Vec<Element> {
        (0..count).map(|top| Element::new([top * 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]).unwrap()).collect()
    }

    /// A tree of two levels after something was done to its root.
    fn damaged(damage: impl FnOnce(&mut Inner)) -> Inconsistency {
        let mut root = build(&elements(100), 0);
        assert_eq!(check(&root).map(|checked| checked.elements), Ok(100));
        let Part::Inner(inner) = &mut root else { panic!("100 elements in one leaf") };
        damage(Arc::make_mut(inner));
        check(&root).unwrap_err()
    }

    /// Every kind of mistake is found and named.
    #[test]
    fn mistakes_are_found() {
        let [first, .., last] = Prefix::ROOT.children().unwrap();
        let all = elements(100);
        let found = damaged(|root| root.count = 99);
        assert_eq!(found, Inconsistency::Count { prefix: Prefix::ROOT, stored: 99, found: 100 });
        let found = damaged(|root| root.samples.multiply(&Samples::new([Fp::from_number(2); 6])));
        assert_eq!(found, Inconsistency::Samples { prefix: Prefix::ROOT });
        let found = damaged(|root| root.children[3] = Part::leaf(&all[..1]));
        assert_eq!(found, Inconsistency::Misplaced { element: all[0], prefix: last });
        let found = damaged(|root| root.children[0] = Part::leaf(&[all[1], all[0]]));
        assert_eq!(found, Inconsistency::Disorder { prefix: first });
        let crowded: Vec<Element> =
            (0..51).map(|low| Element::new([0, low, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]).unwrap()).collect();
        let found = damaged(|root| root.children[0] = Part::leaf(&crowded));
        assert_eq!(found, Inconsistency::Shape { prefix: first, count: 51 });
        let found = damaged(|root| {
            let Part::Inner(sparse) =
                Part::inner([Part::leaf(&all[..2]), Part::leaf(&[]), Part::leaf(&[]), Part::leaf(&[])])
            else {
                panic!("an inner node")
            };
            *root = Inner::clone(&sparse);
        });
        assert_eq!(found, Inconsistency::Shape { prefix: Prefix::ROOT, count: 2 });
    }
}
