//! Fingerprints and key IDs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The fingerprint of a primary key or subkey, with the key version that defines its shape.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fingerprint {
    /// 16 octets of MD5 (RFC 4880 section 12.2). No version 3 certificate is ever stored.
    V3([u8; 16]),
    /// 20 octets of SHA-1 (RFC 9580 section 5.5.4.2).
    V4([u8; 20]),
    /// 32 octets of SHA-256 (RFC 9580 section 5.5.4.3).
    V6([u8; 32]),
}

impl Fingerprint {
    /// The key version: 3, 4 or 6.
    pub fn version(&self) -> u8 {
        match self {
            Self::V3(_) => 3,
            Self::V4(_) => 4,
            Self::V6(_) => 6,
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::V3(octets) => octets,
            Self::V4(octets) => octets,
            Self::V6(octets) => octets,
        }
    }

    /// A fingerprint from its octets; the version follows from the length (16, 20 or 32).
    pub fn from_bytes(octets: &[u8]) -> Result<Self, ParseHexError> {
        if let Ok(octets) = octets.try_into() {
            return Ok(Self::V4(octets));
        }
        if let Ok(octets) = octets.try_into() {
            return Ok(Self::V6(octets));
        }
        octets.try_into().map(Self::V3).map_err(|_| ParseHexError)
    }

    /// The fingerprint of a primary key that can be stored: 40 or 64 hexadecimal digits in any case, with or without
    /// `0x`, and with white space around it.
    pub fn of_certificate(text: &str) -> Result<Self, ParseHexError> {
        match text.trim().parse()? {
            Self::V3(_) => Err(ParseHexError),
            fingerprint @ (Self::V4(_) | Self::V6(_)) => Ok(fingerprint),
        }
    }

    /// The key ID: the last 8 octets in version 4, the first 8 in version 6.
    ///
    /// A version 3 key's ID comes from its modulus, which the fingerprint does not hold: `None`.
    pub fn key_id(&self) -> Option<KeyId> {
        match self {
            Self::V3(_) => None,
            Self::V4(octets) => octets.last_chunk().copied().map(KeyId),
            Self::V6(octets) => octets.first_chunk().copied().map(KeyId),
        }
    }
}

impl AsRef<[u8]> for Fingerprint {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Lower-case hexadecimal digits without a prefix.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// 32, 40 or 64 hexadecimal digits in any case, with or without `0x`.
impl FromStr for Fingerprint {
    type Err = ParseHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = strip_hex_prefix(text);
        let octets = hex::decode(digits).map_err(|_| ParseHexError)?;
        Self::from_bytes(&octets)
    }
}

/// Removes a leading `0x` or `0X`.
pub(crate) fn strip_hex_prefix(text: &str) -> &str {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text)
}

/// The 8 octets that legacy clients and issuer subpackets name a key by. Not unique.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyId(pub [u8; 8]);

impl KeyId {
    /// The key ID as the signed integer under which the database indexes it.
    pub fn as_i64(self) -> i64 {
        i64::from_be_bytes(self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The text or octets are not a fingerprint, key ID or digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not hexadecimal digits of the expected length")]
pub struct ParseHexError;
