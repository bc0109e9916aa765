//! Numbers that look random and are the same in every run.

use std::collections::BTreeSet;

use crate::Element;

/// A generator of numbers from a seed (splitmix).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next element.
    pub fn element(&mut self) -> Element {
        loop {
            let digest = (u128::from(self.number()) << 64 | u128::from(self.number())).to_le_bytes();
            if let Some(element) = Element::new(digest) {
                return element;
            }
        }
    }

    /// So many elements.
    pub fn elements(&mut self, count: usize) -> BTreeSet<Element> {
        let mut elements = BTreeSet::new();
        while elements.len() < count {
            elements.insert(self.element());
        }
        elements
    }

    /// Two sets that share `common` elements and have some of their own.
    pub fn two_sets(&mut self, common: usize, own: [usize; 2]) -> [BTreeSet<Element>; 2] {
        let [first, second] = own;
        let mut all: Vec<Element> = self.elements(common + first + second).into_iter().collect();
        for at in 0..first + second {
            let other = at + usize::try_from(self.number() % (all.len() - at) as u64).unwrap_or_default();
            all.swap(at, other);
        }
        let of = |own: &[Element], common: &[Element]| own.iter().chain(common).copied().collect();
        let (owns, shared) = all.split_at(first + second);
        let (first, second) = owns.split_at(first);
        [of(first, shared), of(second, shared)]
    }
}
