//! Samples: what stands for a set of elements.

use crate::Element;
use crate::field::Fp;
use crate::params::{POINTS, SAMPLES};

/// The products of all `point - element` over a set, one for each of the [`POINTS`].
///
/// That is the polynomial whose roots are the elements, at six points. Those of a real set are never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples([Fp; SAMPLES]);

impl Samples {
    /// The samples of no elements: all 1.
    pub const EMPTY: Self = Self([Fp::ONE; SAMPLES]);

    /// Samples that somebody else computed, in the order of the points.
    pub const fn new(values: [Fp; SAMPLES]) -> Self {
        Self(values)
    }

    /// The samples of a set.
    pub fn of(elements: impl IntoIterator<Item = Element>) -> Self {
        let mut samples = Self::EMPTY;
        elements.into_iter().for_each(|element| samples.include(element));
        samples
    }

    /// The values, in the order of the points.
    pub const fn values(&self) -> &[Fp; SAMPLES] {
        &self.0
    }

    /// Adds all elements of another set, which must share none with this one.
    pub fn multiply(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(value, factor)| *value = *value * factor);
    }

    /// Adds an element, which must not be there yet.
    pub fn include(&mut self, element: Element) {
        let number = Fp::from_number(element.number());
        self.0.iter_mut().zip(POINTS).for_each(|(value, point)| *value = *value * (point - number));
    }

    /// Takes an element away, which must be there.
    pub fn exclude(&mut self, element: Element) {
        self.multiply(&Self::without(element));
    }

    /// What multiplying by takes `element` away.
    pub(crate) fn without(element: Element) -> Self {
        let factors = Self::of([element]).0;
        // No element equals a point, hence no factor is 0.
        Self(Fp::invert_all(factors).unwrap_or(factors))
    }
}
