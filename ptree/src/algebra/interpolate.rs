//! The fraction of two polynomials that has given values at the sample points.

use std::mem;
use std::sync::LazyLock;

use super::poly::Poly;
use crate::field::Fp;
use crate::params::{MBAR, POINTS, SAMPLES};

/// A fraction of two polynomials with the same leading coefficient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fraction {
    pub(crate) numerator: Poly,
    pub(crate) denominator: Poly,
}

impl Fraction {
    /// Whether the fraction has these values at the points.
    fn explains(&self, values: &[Fp; SAMPLES]) -> bool {
        POINTS.iter().zip(values).all(|(point, value)| {
            // Multiplied out, since a forged denominator may vanish at a point.
            self.numerator.evaluate(*point) == *value * self.denominator.evaluate(*point)
        })
    }
}

/// The fraction of monic polynomials with the values at the points, if their degrees add up to at most [`MBAR`];
/// the numerator's exceeds the denominator's by `excess`.
pub(crate) fn interpolate(values: &[Fp; SAMPLES], excess: usize) -> Option<Fraction> {
    let fraction = candidate(values, excess).filter(|fraction| fraction.explains(values))?;
    let scale = fraction.denominator.leading().inverse()?;
    Some(Fraction { numerator: fraction.numerator.scaled(scale), denominator: fraction.denominator.scaled(scale) })
}

/// The only fraction that can have the values at as many points as determine one.
///
/// With A = z^excess * B + remainder, the remainder and B are found on the way of the extended algorithm
/// of Euclid from the product of all z - point and the polynomial through `value - point^excess`.
pub(super) fn candidate(values: &[Fp; SAMPLES], excess: usize) -> Option<Fraction> {
    // The degrees of both add up to this: at most MBAR and as even as the excess.
    let total = if excess % 2 == MBAR % 2 { MBAR } else { MBAR - 1 };
    let degree = total.checked_add(excess)? / 2;
    let basis = BASES.iter().find(|basis| basis.polynomials.len() == total && excess <= total)?;
    let mut before = Row { remainder: basis.product.clone(), cofactor: Poly::zero() };
    let mut row = Row { remainder: basis.through(values, excess), cofactor: Poly::one() };
    while row.remainder.degree().is_some_and(|of_remainder| of_remainder >= degree) {
        while let Some(terms) = before.remainder.cancelling(&row.remainder) {
            before.remainder = before.remainder.combined(terms, &row.remainder);
            before.cofactor = before.cofactor.combined(terms, &row.cofactor);
        }
        mem::swap(&mut before, &mut row);
    }
    let numerator = row.cofactor.shifted(excess).plus(&row.remainder);
    // Otherwise the leading coefficients differ.
    let fits = row.remainder.degree() < Some(row.cofactor.degree()? + excess);
    fits.then_some(Fraction { numerator, denominator: row.cofactor })
}

/// A line of the algorithm: the remainder is the cofactor times the second polynomial, modulo the first.
struct Row {
    remainder: Poly,
    cofactor: Poly,
}

/// What interpolation at the first few points needs.
struct Basis {
    /// That which vanishes at all points.
    product: Poly,
    /// For each point that which is 1 there and 0 at the others.
    polynomials: Vec<Poly>,
}

/// For both numbers of points that are needed.
static BASES: LazyLock<[Basis; 2]> = LazyLock::new(|| [Basis::of(MBAR - 1), Basis::of(MBAR)]);

impl Basis {
    fn of(count: usize) -> Self {
        let points = || POINTS.into_iter().take(count);
        let polynomial = |point: Fp| {
            let others = Poly::with_roots(points().filter(|other| *other != point));
            let scale = others.evaluate(point).inverse().unwrap_or(Fp::ONE);
            others.scaled(scale)
        };
        Self { product: Poly::with_roots(points()), polynomials: points().map(polynomial).collect() }
    }

    /// The polynomial that is `value - point^power` at each point.
    fn through(&self, values: &[Fp], power: usize) -> Poly {
        let mut sum = vec![Fp::ZERO; self.polynomials.len()];
        for ((polynomial, point), value) in self.polynomials.iter().zip(POINTS).zip(values) {
            let value = *value - std::iter::repeat_n(point, power).fold(Fp::ONE, |product, point| product * point);
            sum.iter_mut().zip(polynomial.coefficients()).for_each(|(to, from)| *to = *to + *from * value);
        }
        Poly::new(sum)
    }
}
