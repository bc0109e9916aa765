//! The field in which elements are reconciled: integers modulo a prime of 129 bits.

mod products;

use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

pub(crate) use products::Products;

/// The prime less 2^128.
const C: u128 = 0x8f1d_10e4_878b_1fdf_c91f_85d9_30a5_431b;
/// The negative inverse of the prime modulo R = 2^128.
const INVERSE: u128 = 0x53ee_5e57_87f7_ce82_6320_d927_c830_a0ed;
/// R^2 modulo the prime: brings a number into Montgomery form.
const SQUARE: Fp = Fp::raw(0x446a_bdb6_6035_ef0d_186f_bb41_0d24_eba6, 0);
/// The number 1, not in Montgomery form: multiplying by it leaves that form.
const UNIT: Fp = Fp::raw(1, 0);

/// An exponent: 64 bits each, the lowest first.
pub type Exponent = [u64; 3];

/// The prime less 2.
const LESS_TWO: Exponent = [0xc91f_85d9_30a5_4319, 0x8f1d_10e4_878b_1fdf, 1];
/// Half of the prime less 1: tells squares from others.
pub(crate) const HALF: Exponent = [0xe48f_c2ec_9852_a18d, 0xc78e_8872_43c5_8fef, 0];
/// A quarter of the prime plus 1: takes square roots.
const QUARTER: Exponent = [0xf247_e176_4c29_50c7, 0x63c7_4439_21e2_c7f7, 0];

/// An integer modulo p = 530512889551602322505127520352579437339, which is 2^128 and a bit more.
///
/// It is kept in Montgomery form with R = 2^128, which works although R is less than p: the sum that
/// a reduction leaves is below 2.56 p. Its time depends on the values; nothing here is secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fp {
    /// 64 bits each, the lowest first; the last is 0 or 1, and the whole is less than the prime.
    limbs: [u64; 3],
}

impl Fp {
    /// The number 0.
    pub const ZERO: Self = Self::raw(0, 0);
    /// The number 1.
    pub const ONE: Self = Self::raw(0, 1);

    /// The number that 17 octets stand for, the lowest first; `None` for the prime and above.
    pub fn from_le17(octets: &[u8; 17]) -> Option<Self> {
        let (low, [high]) = octets.split_first_chunk::<16>().and_then(|(low, high)| Some((low, high.as_array()?)))?;
        let low = u128::from_le_bytes(*low);
        let canonical = *high == 0 || (*high == 1 && low < C);
        canonical.then(|| Self::raw(low, u64::from(*high)) * SQUARE)
    }

    /// The number in 17 octets, the lowest first.
    pub fn to_le17(self) -> [u8; 17] {
        let plain = self * UNIT;
        let [.., high] = plain.limbs;
        let mut octets = [u8::from(high != 0); 17];
        octets.iter_mut().zip(plain.low().to_le_bytes()).for_each(|(to, from)| *to = from);
        octets
    }

    /// The number itself: each of 128 bits is less than the prime.
    pub const fn from_number(number: u128) -> Self {
        Self::raw(number, 0).times(SQUARE)
    }

    /// The negative of a small number.
    pub(crate) const fn negative(number: u64) -> Self {
        // Above 0 and below C: the prime less the number has the same top bit as the prime.
        Self::raw(C - number as u128, 1).times(SQUARE)
    }

    /// The number if it has at most 128 bits, as every element has.
    pub fn as_number(self) -> Option<u128> {
        let plain = self * UNIT;
        let [.., high] = plain.limbs;
        (high == 0).then(|| plain.low())
    }

    /// The power with `exponent`; the power with 0 is 1.
    #[must_use]
    pub fn pow(self, exponent: Exponent) -> Self {
        bits(exponent).fold(Self::ONE, |power, bit| {
            let square = power * power;
            if bit { square * self } else { square }
        })
    }

    /// The number whose product with this one is 1; `None` for 0.
    pub fn inverse(self) -> Option<Self> {
        (self != Self::ZERO).then(|| self.pow(LESS_TWO))
    }

    /// Replaces all numbers with their inverses, at the cost of one inversion; `None` if one is 0.
    pub fn invert_all<const N: usize>(numbers: [Self; N]) -> Option<[Self; N]> {
        let mut before = [Self::ONE; N];
        let mut product = Self::ONE;
        for (slot, number) in before.iter_mut().zip(numbers) {
            *slot = product;
            product = product * number;
        }
        let mut rest = product.inverse()?;
        for (slot, number) in before.iter_mut().zip(numbers).rev() {
            *slot = *slot * rest;
            rest = rest * number;
        }
        Some(before)
    }

    /// A number whose square this one is; `None` where there is none.
    pub(crate) fn square_root(self) -> Option<Self> {
        let root = self.pow(QUARTER);
        (root * root == self).then_some(root)
    }

    /// The representative `high * 2^128 + low`, which must be less than the prime.
    const fn raw(low: u128, high: u64) -> Self {
        Self { limbs: [low_half(low), high_half(low), high] }
    }

    /// The lowest 128 bits of the representative.
    const fn low(self) -> u128 {
        let [low, middle, _] = self.limbs;
        (low as u128) | ((middle as u128) << 64)
    }

    /// The Montgomery product: a * b / R.
    #[inline]
    const fn times(self, other: Self) -> Self {
        let (low, high, top) = product(self, other);
        // Below 2.57 p, which is 4 * 2^128: once the prime less if that is at least 2 * 2^128, then at most once more.
        let (low, top) = shift_out(low, high, top);
        let much = top >> 1;
        let (low, borrow) = low.overflowing_sub(C & mask(much));
        let (low, high) = less(low, top - much - borrow as u64, C, 1);
        Self::raw(low, high)
    }
}

/// The product of two representatives: 128 bits, 128 bits and what is above, the lowest first.
#[inline]
const fn product(one: Fp, other: Fp) -> (u128, u128, u64) {
    let [.., a] = one.limbs;
    let [.., b] = other.limbs;
    let (low, high) = wide(one.low(), other.low());
    let (high, carry_a) = high.overflowing_add(other.low() & mask(a));
    let (high, carry_b) = high.overflowing_add(one.low() & mask(b));
    (low, high, (a & b) + carry_a as u64 + carry_b as u64)
}

/// A number divided by R modulo the prime: 128 bits and what is above. It is at most a prime more than the
/// number divided by R.
#[inline]
const fn shift_out(low: u128, high: u128, top: u64) -> (u128, u64) {
    // The multiple of the prime that clears the lowest 128 bits.
    let multiple = low.wrapping_mul(INVERSE);
    let (_, shifted) = wide(multiple, C);
    let (high, carry_a) = high.overflowing_add(multiple);
    let (high, carry_b) = high.overflowing_add(shifted);
    let (high, carry_c) = high.overflowing_add((low != 0) as u128);
    (high, top + carry_a as u64 + carry_b as u64 + carry_c as u64)
}

/// The bits of `exponent`, the highest first.
pub(crate) fn bits(exponent: Exponent) -> impl Iterator<Item = bool> {
    let [low, middle, high] = exponent;
    [high, middle, low]
        .into_iter()
        .flat_map(|limb| (0..u64::BITS).rev().map(move |at| (limb >> at) & 1 == 1))
        .skip_while(|bit| !bit)
}

#[expect(clippy::cast_possible_truncation, reason = "the upper half is what is cut off")]
const fn low_half(number: u128) -> u64 {
    number as u64
}

const fn high_half(number: u128) -> u64 {
    (number >> 64) as u64
}

/// All ones for 1, 0 for 0.
const fn mask(bit: u64) -> u128 {
    (bit as u128).wrapping_neg()
}

/// The product of 256 bits: its low and its high half.
#[inline]
const fn wide(a: u128, b: u128) -> (u128, u128) {
    let (a0, a1) = (low_half(a) as u128, high_half(a) as u128);
    let (b0, b1) = (low_half(b) as u128, high_half(b) as u128);
    let lowest = a0 * b0;
    let middle = a0 * b1 + (lowest >> 64);
    let other = a1 * b0 + low_half(middle) as u128;
    let low = (other << 64) | low_half(lowest) as u128;
    (low, a1 * b1 + (middle >> 64) + (other >> 64))
}

/// `high * 2^128 + low` less a number, unless that is more.
#[inline]
const fn less(low: u128, high: u64, take_low: u128, take_high: u64) -> (u128, u64) {
    let (rest, borrow) = low.overflowing_sub(take_low);
    let (top, below) = high.overflowing_sub(take_high + borrow as u64);
    if below { (low, high) } else { (rest, top) }
}

impl Add for Fp {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let ([.., a], [.., b]) = (self.limbs, other.limbs);
        let (low, carry) = self.low().overflowing_add(other.low());
        let (low, high) = less(low, a + b + u64::from(carry), C, 1);
        Self::raw(low, high)
    }
}

impl Neg for Fp {
    type Output = Self;

    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl Sub for Fp {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "borrows are added up")]
    fn sub(self, other: Self) -> Self {
        let ([.., a], [.., b]) = (self.limbs, other.limbs);
        let (low, borrow) = self.low().overflowing_sub(other.low());
        let (high, below) = a.overflowing_sub(b + u64::from(borrow));
        // Below zero: the prime is added, whose carry out of the top limb cancels the borrow.
        let (low, carry) = low.overflowing_add(if below { C } else { 0 });
        Self::raw(low, high.wrapping_add(u64::from(below)).wrapping_add(u64::from(carry)))
    }
}

impl Mul for Fp {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        self.times(other)
    }
}

impl fmt::Debug for Fp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fp(")?;
        self.to_le17().iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str(")")
    }
}
