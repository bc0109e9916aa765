//! Elements: the digests of certificates, which are what servers reconcile.

use std::fmt;

/// One element of a set: the 16 octets of an SKS digest.
///
/// The order of elements is that of their octets, which is the order of the tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element([u8; 16]);

impl Element {
    /// The element of `digest`; `None` for the three digests (0, 1 and 2 as little-endian
    /// numbers) that coincide with a sample point, which no server can hold.
    pub fn new(digest: [u8; 16]) -> Option<Self> {
        (u128::from_le_bytes(digest) > 2).then_some(Self(digest))
    }

    /// The digest of the certificate.
    pub fn digest(self) -> [u8; 16] {
        self.0
    }

    /// The element as the little-endian number that it stands for in the field.
    pub(crate) fn number(self) -> u128 {
        u128::from_le_bytes(self.0)
    }

    /// The tree's key: the number whose highest bits choose the branches.
    pub(crate) fn key(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({self})")
    }
}
