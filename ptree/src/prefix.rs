//! Prefixes: the names of the tree's nodes.

use std::fmt;
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::Element;

/// How many bits each level of the tree consumes.
pub(crate) const QUANTUM: u32 = 2;
/// The bits of an element.
const KEY_BITS: u32 = 128;

/// A bit string of even length, at most 128 bits, that names a node of the tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    /// The bits, from the highest downward; those beyond `length` are 0.
    bits: u128,
    length: u8,
}

/// Why bits from the wire are no prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PrefixError {
    /// The number of bits is odd.
    #[error("a prefix of {0} bits, which is no multiple of two")]
    Odd(u32),
    /// There are more bits than an element has.
    #[error("a prefix of {0} bits, which is longer than any element")]
    TooLong(u32),
    /// The octets are not as many as the bits take.
    #[error("a prefix of {bits} bits in {octets} octets")]
    Length {
        /// The announced bits.
        bits: u32,
        /// The octets that came.
        octets: usize,
    },
    /// Bits that do not count are not 0.
    #[error("a prefix with bits beyond its length")]
    Excess,
}

impl Prefix {
    /// The prefix of every element.
    pub const ROOT: Self = Self { bits: 0, length: 0 };

    /// The prefix of `length` bits, the highest bit of the first octet first.
    pub fn from_octets(length: u32, octets: &[u8]) -> Result<Self, PrefixError> {
        if !length.is_multiple_of(QUANTUM) {
            return Err(PrefixError::Odd(length));
        }
        let short = u8::try_from(length).ok().filter(|_| length <= KEY_BITS).ok_or(PrefixError::TooLong(length))?;
        if octets.len() != length.div_ceil(8) as usize {
            return Err(PrefixError::Length { bits: length, octets: octets.len() });
        }
        let mut key = [0; 16];
        key.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        let bits = u128::from_be_bytes(key);
        if bits & !mask(length) != 0 {
            return Err(PrefixError::Excess);
        }
        Ok(Self { bits, length: short })
    }

    /// The number of bits.
    pub fn length(self) -> u32 {
        u32::from(self.length)
    }

    /// The bits in as few octets as hold them, the highest bit of the first octet first.
    pub fn octets(self) -> impl ExactSizeIterator<Item = u8> {
        self.bits.to_be_bytes().into_iter().take(self.length().div_ceil(8) as usize)
    }

    /// The four prefixes that are two bits longer; `None` where no element is longer.
    pub fn children(self) -> Option<[Self; 4]> {
        let length = self.length() + QUANTUM;
        let shift = KEY_BITS.checked_sub(length)?;
        let short = u8::try_from(length).ok()?;
        Some([0_u128, 1, 2, 3].map(|branch| Self { bits: self.bits | (branch << shift), length: short }))
    }

    /// Whether `element` begins with these bits.
    pub fn contains(self, element: Element) -> bool {
        element.key() & mask(self.length()) == self.bits
    }

    /// The keys of all elements that can have this prefix.
    pub(crate) fn keys(self) -> RangeInclusive<u128> {
        self.bits..=self.bits | !mask(self.length())
    }

    /// Which of a node's four children `key` belongs to, for a node whose prefix has `length` bits.
    pub(crate) fn branch(key: u128, length: u32) -> usize {
        let shift = KEY_BITS.saturating_sub(length + QUANTUM);
        ((key >> shift) & 3) as usize
    }
}

/// The first `length` bits of a key.
fn mask(length: u32) -> u128 {
    if length == 0 { 0 } else { u128::MAX << (KEY_BITS - length) }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.length()).try_for_each(|at| write!(f, "{}", (self.bits >> (KEY_BITS - 1 - at)) & 1))
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({self})")
    }
}
