//! Digests not to fetch again.

use super::Verdict;
use crate::domain::{Digest, Fingerprint, Profile};

/// A digest that partners have and we shall not: what we made of the certificate, if anything, has another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub digest: Digest,
    /// That of the partner's tree which has it.
    pub profile: Profile,
    pub reason: Verdict,
    /// That of the certificate, where it is known.
    pub fingerprint: Option<Fingerprint>,
}
