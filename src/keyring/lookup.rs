//! Looking certificates up. One query each; nothing is parsed, verified or written, unless certificates are still
//! being taken over from another keyserver.

use thiserror::Error;

use super::Keyring;
use crate::domain::Search;
use crate::storage::adopt::Wanted;
use crate::storage::{StorageError, StoredCertificate, StoredSummary};

#[derive(Debug, Error)]
pub enum LookupError {
    /// More certificates match than one answer may hold.
    #[error("too many matches (more than {0}); the search is insufficiently specific")]
    TooMany(u32),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Keyring {
    /// The certificates that match, best first; empty when there are none.
    pub async fn certificates(&self, search: &Search) -> Result<Vec<StoredCertificate>, LookupError> {
        let limit = self.settings().result_limit;
        let is_all = self.adopt_first(Wanted::Matching(search)).await;
        let found = self.store.certificates(search, limit.saturating_add(1)).await?;
        something(is_all, within_limit(found, limit)?)
    }

    /// What index views show of the certificates that match, best first.
    pub async fn index(&self, search: &Search) -> Result<Vec<StoredSummary>, LookupError> {
        let limit = self.settings().result_limit;
        let is_all = self.adopt_first(Wanted::Matching(search)).await;
        let found = self.store.summaries(search, limit.saturating_add(1)).await?;
        something(is_all, within_limit(found, limit)?)
    }
}

/// Nobody is told that there is nothing as long as that is not known.
fn something<T>(is_all: bool, found: Vec<T>) -> Result<Vec<T>, LookupError> {
    if found.is_empty() && !is_all { Err(StorageError::Busy.into()) } else { Ok(found) }
}

fn within_limit<T>(found: Vec<T>, limit: u32) -> Result<Vec<T>, LookupError> {
    if u32::try_from(found.len()).is_ok_and(|count| count <= limit) {
        return Ok(found);
    }
    Err(LookupError::TooMany(limit))
}
