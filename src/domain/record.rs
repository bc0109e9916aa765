//! A certificate as it is stored.

use bytes::Bytes;

use super::{Digests, Fingerprint, Summary};

/// A normalised certificate with everything that the database indexes.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The primary key's fingerprint.
    pub fingerprint: Fingerprint,
    /// The normalised packets, new-format headers, in the order in which they are served.
    pub packets: Bytes,
    /// What clients of the legacy interface get.
    pub legacy: LegacyForm,
    pub digests: Digests,
    pub summary: Summary,
    /// The fingerprints of the primary key and of all subkeys, the primary key's first, each once.
    pub keys: Vec<Fingerprint>,
    pub user_ids: Vec<SearchableUserId>,
}

/// What `/pks/lookup?op=get` answers for a certificate.
///
/// GnuPG aborts a whole import at a version 6 packet, and rejects certificates without user IDs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegacyForm {
    /// The packets as stored.
    Full,
    /// The packets without version 6 subkeys and signatures.
    Stripped(Bytes),
    /// Hard-revoked: the earliest hard revocation signature alone, which is served before all other certificates.
    Revocation(Bytes),
    /// A version 6 certificate: nothing.
    Hidden,
}

/// A user ID as it is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchableUserId {
    /// The cleaned text: valid UTF-8 without C0 controls.
    pub text: String,
    /// The lower-cased address, where the user ID has one.
    pub email: Option<String>,
    /// The lower-cased words by which keyword search finds the user ID, sorted, each once.
    pub keywords: Vec<String>,
}
