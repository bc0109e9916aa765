//! Sums of products, which are reduced once instead of for each product.

use super::{C, Fp, less, product, shift_out};

/// A sum of products of numbers in the field, not reduced: at most [`Products::MOST`].
#[derive(Clone, Copy)]
pub(crate) struct Products {
    low: u128,
    high: u128,
    /// What is beyond 2^256: less than 2.5 for each product.
    top: u64,
}

impl Products {
    /// How many products the sum may have for [`Products::sum`] to be right.
    pub(crate) const MOST: usize = 16;
    /// No product.
    pub(crate) const NONE: Self = Self { low: 0, high: 0, top: 0 };

    /// Adds a product.
    #[inline]
    pub(crate) fn add(&mut self, one: Fp, other: Fp) {
        let (low, high, top) = product(one, other);
        let (low, carry_low) = self.low.overflowing_add(low);
        let (high, carry_high) = self.high.overflowing_add(high);
        let (high, carry) = high.overflowing_add(u128::from(carry_low));
        *self = Self { low, high, top: self.top + top + u64::from(carry_high) + u64::from(carry) };
    }

    /// The sum in the field.
    #[inline]
    pub(crate) fn sum(self) -> Fp {
        let (low, top) = shift_out(self.low, self.high, self.top);
        // The prime is 1.5591 * 2^128, and 164/256 a bit less than one part in so much: what is left of a sum of
        // few products is less than twice the prime.
        let times = (top * 164) >> 8;
        let whole = u128::from(times);
        let lower = u128::from(super::low_half(C)) * whole;
        let upper = u128::from(super::high_half(C)) * whole + (lower >> 64);
        let take = (upper << 64) | u128::from(super::low_half(lower));
        let (low, borrow) = low.overflowing_sub(take);
        let high = top - times - super::high_half(upper) - u64::from(borrow);
        let (low, high) = less(low, high, C, 1);
        Fp::raw(low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fp, Products};

    /// A sum of as many products as are allowed, of the largest representatives and of others, is the sum of the
    /// products in the field.
    #[test]
    fn sums_of_products() {
        let largest = Fp::raw(super::C - 1, 1);
        let mut other = Fp::from_number(3);
        for count in 0..=Products::MOST {
            for number in [largest, -Fp::ONE, Fp::raw(u128::MAX, 0), Fp::ZERO, other] {
                let mut sum = Products::NONE;
                let mut expected = Fp::ZERO;
                for _ in 0..count {
                    sum.add(number, number);
                    expected = expected + number * number;
                }
                assert_eq!(sum.sum(), expected, "{count} times the square of {number:?}");
                other = other * other + number;
            }
        }
    }
}
