//! The SKS digest: 16 octets of MD5 over a certificate's sorted packets.

use std::fmt;
use std::str::FromStr;

use super::fingerprint::ParseHexError;

/// The SKS digest of a certificate. Shown as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = ParseHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut octets = [0; 16];
        hex::decode_to_slice(text, &mut octets).map_err(|_| ParseHexError)?;
        Ok(Self(octets))
    }
}

impl TryFrom<&[u8]> for Digest {
    type Error = ParseHexError;

    fn try_from(octets: &[u8]) -> Result<Self, Self::Error> {
        octets.try_into().map(Self).map_err(|_| ParseHexError)
    }
}
