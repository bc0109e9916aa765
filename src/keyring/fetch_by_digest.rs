//! Serving certificates to reconciling peers, which ask by digest.

use bytes::Bytes;

use super::Keyring;
use crate::domain::Digest;
use crate::storage::StorageError;

impl Keyring {
    /// The packets of those certificates that have one of `digests` in any profile, within the
    /// limit on octets that the settings give.
    pub async fn fetch_by_digest(&self, digests: &[Digest]) -> Result<Vec<Bytes>, StorageError> {
        self.store.by_digests(digests, self.settings().response_octets_limit).await
    }
}
