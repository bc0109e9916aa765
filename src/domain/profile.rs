//! The normalisation profiles of the two Hockeypuck networks.
//!
//! What "normalised" means differs between Hockeypuck 2.3 and 2.4 for a few certificates, so a
//! certificate has one digest per profile, and each profile has its own prefix tree.

use super::Digest;

/// One network's rules for what a certificate may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// Hockeypuck 2.2 and 2.3: no post-quantum algorithms, one size limit for all packets.
    V23,
    /// Hockeypuck 2.4: RFC 9980 algorithms, larger signatures, SLH-DSA self-signatures pruned.
    V24,
}

impl Profile {
    pub const ALL: [Self; 2] = [Self::V23, Self::V24];

    /// The profile's name on the command line, in metrics and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V23 => "2.3",
            Self::V24 => "2.4",
        }
    }

    /// The number that stands for the profile in the database.
    pub fn code(self) -> i16 {
        match self {
            Self::V23 => 23,
            Self::V24 => 24,
        }
    }

    /// The reverse of [`Profile::code`]; `None` for a number that no profile has.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.code() == code)
    }
}

/// The SKS digest of one certificate in each profile; absent where the profile has no such certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Digests {
    pub v23: Option<Digest>,
    pub v24: Option<Digest>,
}

impl Digests {
    /// The digest in `profile`.
    pub fn of(&self, profile: Profile) -> Option<Digest> {
        match profile {
            Profile::V23 => self.v23,
            Profile::V24 => self.v24,
        }
    }

    /// The digest that clients see: that of the newest profile which has the certificate.
    pub fn shown(&self) -> Option<Digest> {
        self.v24.or(self.v23)
    }
}
