//! Polynomials of small degree.

use std::mem;

use crate::field::Fp;

/// The coefficients, that of z^0 first; the last is not 0, and zero has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Poly(Vec<Fp>);

/// The multiples of two polynomials whose leading terms cancel. Scaling both instead of dividing by a
/// leading coefficient saves an inversion each time.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// Of the polynomial with the higher degree.
    scale: Fp,
    /// Of the other, together with z^`power`.
    factor: Fp,
    power: usize,
}

impl Poly {
    /// From coefficients, that of z^0 first.
    pub(crate) fn new(mut coefficients: Vec<Fp>) -> Self {
        while coefficients.last() == Some(&Fp::ZERO) {
            coefficients.pop();
        }
        Self(coefficients)
    }

    pub(crate) fn zero() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn one() -> Self {
        Self(vec![Fp::ONE])
    }

    /// The product of z - root over all `roots`.
    pub(crate) fn with_roots(roots: impl IntoIterator<Item = Fp>) -> Self {
        roots.into_iter().fold(Self::one(), |product, root| product.shifted(1).minus(&product.scaled(root)))
    }

    /// The coefficients, that of z^0 first.
    pub(crate) fn coefficients(&self) -> &[Fp] {
        &self.0
    }

    /// `None` for zero.
    pub(crate) fn degree(&self) -> Option<usize> {
        self.0.len().checked_sub(1)
    }

    /// The coefficient of the highest power; 0 for zero.
    pub(crate) fn leading(&self) -> Fp {
        self.0.last().copied().unwrap_or(Fp::ZERO)
    }

    pub(crate) fn evaluate(&self, at: Fp) -> Fp {
        self.0.iter().rev().fold(Fp::ZERO, |value, coefficient| value * at + *coefficient)
    }

    pub(crate) fn scaled(&self, factor: Fp) -> Self {
        Self::new(self.0.iter().map(|coefficient| *coefficient * factor).collect())
    }

    /// The product with z^`power`.
    pub(crate) fn shifted(&self, power: usize) -> Self {
        Self::new(std::iter::repeat_n(Fp::ZERO, power).chain(self.0.iter().copied()).collect())
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        let (long, short) = if self.0.len() < other.0.len() { (other, self) } else { (self, other) };
        let mut sum = long.0.clone();
        sum.iter_mut().zip(&short.0).for_each(|(to, from)| *to = *to + *from);
        Self::new(sum)
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        self.plus(&other.scaled(-Fp::ONE))
    }

    /// The same roots with the leading coefficient 1; `None` for zero.
    pub(crate) fn monic(&self) -> Option<Self> {
        Some(self.scaled(self.leading().inverse()?))
    }

    /// The quotient and the remainder; `None` where the divisor is zero.
    pub(crate) fn divide(&self, divisor: &Self) -> Option<(Self, Self)> {
        let scale = if divisor.leading() == Fp::ONE { Fp::ONE } else { divisor.leading().inverse()? };
        let mut quotient = Self::zero();
        let mut rest = self.clone();
        while let Some(Terms { factor, power, .. }) = rest.cancelling(divisor) {
            let factor = factor * scale;
            quotient = quotient.plus(&Self::new(vec![factor]).shifted(power));
            rest = rest.combined(Terms { scale: Fp::ONE, factor, power }, divisor);
        }
        Some((quotient, rest))
    }

    /// The monic greatest common divisor; `None` where both are zero.
    pub(crate) fn gcd(self, other: Self) -> Option<Self> {
        let (mut one, mut two) = (self, other);
        while two.degree().is_some() {
            while let Some(terms) = one.cancelling(&two) {
                one = one.combined(terms, &two);
            }
            mem::swap(&mut one, &mut two);
        }
        one.monic()
    }

    /// What makes the leading terms cancel; `None` where the degree of this one is less or the other is zero.
    pub(crate) fn cancelling(&self, other: &Self) -> Option<Terms> {
        let power = self.degree()?.checked_sub(other.degree()?)?;
        Some(Terms { scale: other.leading(), factor: self.leading(), power })
    }

    /// `scale * self - factor * z^power * other`.
    pub(crate) fn combined(mut self, terms: Terms, other: &Self) -> Self {
        let Terms { scale, factor, power } = terms;
        let length = self.0.len().max(other.0.len() + power);
        self.0.resize(length, Fp::ZERO);
        if scale != Fp::ONE {
            self.0.iter_mut().for_each(|coefficient| *coefficient = *coefficient * scale);
        }
        self.0.iter_mut().skip(power).zip(&other.0).for_each(|(to, from)| *to = *to - *from * factor);
        Self::new(self.0)
    }
}
