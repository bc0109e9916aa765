//! Limits on what is read. Part of the digest contract: other limits give other digests.

use serde::{Deserialize, Serialize};

/// The largest packet body that Hockeypuck 2.3 stores, signatures included, in octets.
pub const PACKET_OCTETS_LIMIT_V23: usize = 8192;

/// Limits on one certificate of the input, in octets of packet bodies. 0 means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The sum of all packet bodies of the certificate, those that are dropped later included.
    pub certificate_octets: usize,
    /// One packet, signatures excepted. Larger packets are skipped.
    pub packet_octets: usize,
    /// One signature. Larger ones are skipped.
    pub signature_octets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { certificate_octets: 1_048_576, packet_octets: 8192, signature_octets: 65_536 }
    }
}
