//! The roots of polynomials that are products of different linear factors, and of no others.

use std::ops::Neg;

use super::poly::Poly;
use super::unsolved::Unsolved;
use crate::field::{Fp, HALF, Products, bits};
use crate::params::MBAR;

/// How often a polynomial is tried to be split: each try fails with a chance of a half or less.
const TRIES: u32 = 64;
/// Half of 1: half of the prime plus 1.
const HALF_OF_ONE: Fp = Fp::from_number(0xc78e_8872_43c5_8fef_e48f_c2ec_9852_a18e);

/// All roots of a polynomial, in no order, unless one is missing or repeated.
///
/// `polynomial` must be monic, and of degree [`MBAR`] at most.
pub(crate) fn roots(polynomial: &Poly, random: &mut dyn FnMut() -> u64) -> Result<Vec<Fp>, Unsolved> {
    match *polynomial.coefficients() {
        [] => Err(Unsolved::NoFraction),
        [_] => Ok(Vec::new()),
        [c, _] => Ok(vec![-c]),
        [c, b, _] => quadratic(b, c),
        [d, c, b, _] => split(polynomial, [d, c, b], random),
        [e, d, c, b, _] => split(polynomial, [e, d, c, b], random),
        [f, e, d, c, b, _] => split(polynomial, [f, e, d, c, b], random),
        _ => Err(Unsolved::TooMany),
    }
}

/// The two roots of z^2 + bz + c.
fn quadratic(b: Fp, c: Fp) -> Result<Vec<Fp>, Unsolved> {
    let discriminant = b * b - (c + c + c + c);
    let root = discriminant.square_root().filter(|root| *root != Fp::ZERO).ok_or(Unsolved::NotASet)?;
    Ok(vec![(root - b) * HALF_OF_ONE, (-root - b) * HALF_OF_ONE])
}

/// Splits a polynomial, whose coefficients below the leading one are `lower`, in two and finds the roots of both.
fn split<const K: usize>(
    polynomial: &Poly,
    lower: [Fp; K],
    random: &mut dyn FnMut() -> u64,
) -> Result<Vec<Fp>, Unsolved> {
    let modulus = Modulus(lower.map(Fp::neg));
    for _ in 0..TRIES {
        let shift = Fp::from_number(u128::from(random()) << 64 | u128::from(random()));
        let power = modulus.half_power(shift).ok_or(Unsolved::NotASet)?;
        // The roots r for which r + shift is a square other than 0.
        let squares = Poly::new(power.to_vec()).minus(&Poly::one());
        let Some(part) = polynomial.clone().gcd(squares) else { continue };
        if part.degree() == Some(0) || part.degree() == polynomial.degree() {
            continue;
        }
        let Some((other, _)) = polynomial.divide(&part) else { continue };
        let mut found = roots(&part, random)?;
        found.extend(roots(&other, random)?);
        return Ok(found);
    }
    Err(Unsolved::Unlucky)
}

/// Arithmetic modulo a monic polynomial of degree K, given by the negatives of its lower coefficients: those of the
/// remainder of z^K.
struct Modulus<const K: usize>([Fp; K]);

/// Each coefficient of a square is a sum of up to K products, and up to K - 1 more reduce it.
const _: () = assert!(2 * MBAR - 1 <= Products::MOST);

impl<const K: usize> Modulus<K> {
    /// (z + shift)^((p - 1) / 2), provided that the modulus is a product of different linear factors.
    ///
    /// It is so exactly if (z + shift)^p, which is (z + shift) times the square of the power, is z + shift.
    fn half_power(&self, shift: Fp) -> Option<[Fp; K]> {
        let mut power = [Fp::ZERO; K];
        *power.first_mut()? = Fp::ONE;
        for bit in bits(HALF) {
            power = self.square(power);
            if bit {
                power = self.times_linear(power, shift);
            }
        }
        let whole = self.times_linear(self.square(power), shift);
        let mut linear = whole.iter().zip([shift, Fp::ONE].into_iter().chain(std::iter::repeat(Fp::ZERO)));
        linear.all(|(coefficient, expected)| *coefficient == expected).then_some(power)
    }

    fn square(&self, number: [Fp; K]) -> [Fp; K] {
        let mut sums = [Products::NONE; 2 * MBAR - 1];
        for (at, one) in number.iter().enumerate() {
            let double = *one + *one;
            let others = number.iter().enumerate().skip(at);
            for (sum, (position, other)) in sums.iter_mut().skip(2 * at).zip(others) {
                sum.add(if position == at { *one } else { double }, *other);
            }
        }
        for top in (K..2 * K - 1).rev() {
            let (below, above) = sums.split_at_mut(top);
            let Some(leading) = above.first().map(|sum| sum.sum()) else { continue };
            below.iter_mut().skip(top - K).zip(self.0).for_each(|(sum, factor)| sum.add(factor, leading));
        }
        let mut remainder = [Fp::ZERO; K];
        remainder.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum.sum());
        remainder
    }

    /// The remainder of the product with z + shift.
    fn times_linear(&self, number: [Fp; K], shift: Fp) -> [Fp; K] {
        let leading = number.last().copied().unwrap_or(Fp::ZERO);
        let mut product = number;
        let mut carried = Fp::ZERO;
        for (coefficient, factor) in product.iter_mut().zip(self.0) {
            let own = *coefficient;
            let mut sum = Products::NONE;
            sum.add(own, shift);
            sum.add(factor, leading);
            *coefficient = sum.sum() + carried;
            carried = own;
        }
        product
    }
}
