//! What index views show of a certificate, computed once when it is stored.
//!
//! Times are seconds since 1970-01-01T00:00:00Z. Expiry times are absolute and may exceed 32 bits.

use serde::{Deserialize, Serialize};

use super::{Fingerprint, KeyId};

/// The primary key and everything below it, in serving order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub key: KeySummary,
    /// Verified hard or soft self-revocation of the primary key.
    pub revoked: bool,
    /// The sum of the packets' body lengths, in octets.
    pub length: u32,
    /// Signatures directly over the primary key.
    pub signatures: Vec<SignatureSummary>,
    pub user_ids: Vec<UserIdSummary>,
    pub subkeys: Vec<SubkeySummary>,
}

/// The public part of a primary key or subkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySummary {
    pub fingerprint: Fingerprint,
    pub created: u32,
    pub expires: Option<u64>,
    pub algorithm: AlgorithmSummary,
}

/// Public key algorithm and size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlgorithmSummary {
    /// The algorithm's number (RFC 9580 section 9.1, RFC 9980).
    pub code: u8,
    /// Bits of the modulus or prime; for elliptic curves, of the encoded point.
    pub bits: u16,
    /// The curve's name, where the algorithm has a choice of curves.
    pub curve: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserIdSummary {
    /// The cleaned text: valid UTF-8 without C0 controls.
    pub text: String,
    /// The earliest valid self-certification; `None` when only revocations are left.
    pub valid_since: Option<u32>,
    pub expires: Option<u64>,
    pub revoked: bool,
    pub signatures: Vec<SignatureSummary>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubkeySummary {
    pub key: KeySummary,
    pub revoked: bool,
    pub signatures: Vec<SignatureSummary>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureSummary {
    /// Signature version: 3, 4 or 6.
    pub version: u8,
    /// Signature type (RFC 9580 section 5.2.1).
    pub kind: u8,
    pub issuer: Issuer,
    pub created: u32,
    pub expires: Option<u64>,
    /// The primary user ID flag.
    pub primary: bool,
    /// Reason for revocation; 200 stands for any code that has no meaning.
    pub reason: Option<u8>,
    pub policy_uri: Option<String>,
}

impl SignatureSummary {
    /// Whether the type is one of the three revocations.
    pub fn is_revocation(&self) -> bool {
        matches!(self.kind, 0x20 | 0x28 | 0x30)
    }
}

/// Whom a signature names as its maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Issuer {
    KeyId(KeyId),
    /// The key ID is the one that follows from the fingerprint.
    Fingerprint(Fingerprint),
    /// A fingerprint, and a key ID that does not follow from it.
    Both(KeyId, Fingerprint),
}

impl Issuer {
    pub fn key_id(&self) -> Option<KeyId> {
        match self {
            Self::KeyId(id) | Self::Both(id, _) => Some(*id),
            Self::Fingerprint(fingerprint) => fingerprint.key_id(),
        }
    }

    pub fn fingerprint(&self) -> Option<Fingerprint> {
        match self {
            Self::KeyId(_) => None,
            Self::Fingerprint(fingerprint) | Self::Both(_, fingerprint) => Some(*fingerprint),
        }
    }
}
