//! One row of the change log, from which the prefix trees are derived.

use super::{Digest, Fingerprint, Profile};

/// Whether a digest entered or left a profile's set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    Minus,
    Plus,
}

impl Sign {
    /// The number that stands for the sign in the database: +1 or -1.
    pub fn code(self) -> i16 {
        match self {
            Self::Minus => -1,
            Self::Plus => 1,
        }
    }

    /// The reverse of [`Sign::code`].
    pub fn from_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Plus),
            -1 => Some(Self::Minus),
            _ => None,
        }
    }
}

/// A digest entered or left the set of `profile`, in the transaction that changed the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Position in the log. There are gaps, but rows become visible in the order of their positions.
    pub seq: i64,
    pub profile: Profile,
    pub sign: Sign,
    pub digest: Digest,
    pub fingerprint: Fingerprint,
}
