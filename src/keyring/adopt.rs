//! Taking over the certificates of a database that Hockeypuck wrote, while it is served from.
//!
//! Until all are taken over, a lookup first takes over what it asks for, and then asks as ever. That costs nothing
//! when there is nothing to take over: one flag says so.

mod claims;
mod document;
mod import;
mod rows;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

pub use import::{Importer, Pace, TurnEnd};
pub use rows::{Adopted, RowRejection};

use super::{Keyring, SubmitError};
use crate::domain::{Digest, Fingerprint};
use crate::storage::StorageError;
use crate::storage::adopt::{Foreign, Pass, Row, Wanted};
use claims::Claims;

/// How long a lookup may wait for what it asks for to be taken over. Then it is answered from what is there.
const LOOKUP_LIMIT: Duration = Duration::from_secs(5);
/// Lookups that take over at once; others wait for their turn. Each may hold a connection of the store, and they
/// hold a third of them at most.
const LOOKUPS_LIMIT: u32 = 6;
/// The most rows of which is remembered that they were taken over and have another digest now, or were rejected.
const SEEN_LIMIT: usize = 100_000;

/// What the clones of a keyring share.
#[derive(Debug)]
pub(super) struct Adoption {
    is_adopting: AtomicBool,
    has_foreign: AtomicBool,
    lookups: Semaphore,
    claims: Claims,
    seen: Mutex<HashSet<Digest>>,
}

impl Adoption {
    /// For a store with so many connections.
    pub(super) fn new(connections: u32) -> Self {
        Self {
            is_adopting: AtomicBool::new(false),
            has_foreign: AtomicBool::new(false),
            lookups: Semaphore::new((connections / 3).clamp(1, LOOKUPS_LIMIT) as usize),
            claims: Claims::default(),
            seen: Mutex::default(),
        }
    }
}

impl Keyring {
    /// Looks for the tables of Hockeypuck, once, before anything is served.
    pub async fn prepare_adoption(&self) -> Result<Foreign, StorageError> {
        let foreign = self.store.adoption().find_foreign().await?;
        self.adoption.has_foreign.store(foreign != Foreign::Absent, Ordering::Relaxed);
        self.adoption.is_adopting.store(foreign == Foreign::Open, Ordering::Relaxed);
        Ok(foreign)
    }

    /// Whether the database has tables of Hockeypuck.
    pub fn has_foreign(&self) -> bool {
        self.adoption.has_foreign.load(Ordering::Relaxed)
    }

    /// Whether there are certificates that may have to be taken over, as far as this process knows.
    pub fn is_adopting(&self) -> bool {
        self.adoption.is_adopting.load(Ordering::Relaxed)
    }

    /// Asks the store whether there are certificates to take over.
    pub async fn refresh_adoption(&self) -> Result<bool, StorageError> {
        let is_adopting = self.store.adoption().is_adopting().await?;
        self.set_adopting(is_adopting);
        Ok(is_adopting)
    }

    /// Looks for rows that changed since they were read, which may take a while; answers whether there are any.
    pub async fn find_changed_rows(&self) -> Result<bool, StorageError> {
        let is_adopting = self.store.adoption().find_changed().await?;
        self.set_adopting(is_adopting);
        Ok(is_adopting)
    }

    /// How far taking over is: the last passes, the newest first.
    pub async fn adoption(&self) -> Result<Vec<Pass>, StorageError> {
        self.store.adoption().adoption().await
    }

    /// Those of these certificates, with their digests, that are just as Hockeypuck stored them.
    pub async fn as_adopted(&self, of: &[Fingerprint]) -> Result<Vec<(Fingerprint, Digest)>, StorageError> {
        if !self.has_foreign() {
            return Ok(Vec::new());
        }
        self.store.adoption().foreign_digests(of).await
    }

    /// Takes over what a lookup is about to ask for. Never an error: the lookup goes on with what is there. Whether that
    /// is everything.
    pub(super) async fn adopt_first(&self, wanted: Wanted<'_>) -> bool {
        if !self.is_adopting() {
            return true;
        }
        let work = Box::pin(self.adopt_wanted(wanted));
        let lookups = &self.metrics.adopt_lookups;
        let result = match tokio::time::timeout(LOOKUP_LIMIT, work).await {
            Ok(Ok(0)) => "nothing",
            Ok(Ok(_)) => "adopted",
            Ok(Err(error)) => {
                tracing::warn!(%error, "what a lookup asks for could not be taken over from Hockeypuck's tables");
                "failed"
            }
            Err(_) => {
                tracing::warn!("taking over what a lookup asks for from Hockeypuck's tables takes too long");
                "late"
            }
        };
        lookups.with_label_values(&[result]).inc();
        !matches!(result, "failed" | "late")
    }

    /// Answers how many rows were taken over.
    async fn adopt_wanted(&self, wanted: Wanted<'_>) -> Result<usize, SubmitError> {
        let limit = match wanted {
            // One more than is answered, so that too many are told from enough.
            Wanted::Matching(_) => self.settings().result_limit.saturating_add(1),
            Wanted::WithDigests(digests) => u32::try_from(digests.len()).unwrap_or(u32::MAX),
        };
        let Ok(_turn) = self.adoption.lookups.acquire().await else { return Ok(0) };
        let mut rows = self.store.adoption().unread_rows(wanted, limit).await?;
        self.adoption.retain_unseen(&mut rows);
        let count = rows.len();
        let claimed = self.adoption.claims.take(rows);
        for chunk in rows::chunks(claimed.rows()) {
            self.adopt_rows(chunk).await?;
            self.adoption.saw(chunk);
        }
        claimed.wait_for_others().await;
        Ok(count)
    }

    fn set_adopting(&self, is_adopting: bool) {
        let was_adopting = self.adoption.is_adopting.swap(is_adopting, Ordering::Relaxed);
        if was_adopting && !is_adopting {
            self.adoption.lock_seen().clear();
        }
    }
}

impl Adoption {
    fn lock_seen(&self) -> std::sync::MutexGuard<'_, HashSet<Digest>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves out what has been taken over and still looks as if it were not, because it has another digest.
    fn retain_unseen(&self, rows: &mut Vec<Row>) {
        let seen = self.lock_seen();
        rows.retain(|row| !row.md5.parse().is_ok_and(|digest| seen.contains(&digest)));
    }

    fn saw(&self, rows: &[Row]) {
        let mut seen = self.lock_seen();
        if seen.len() + rows.len() > SEEN_LIMIT {
            seen.clear();
        }
        seen.extend(rows.iter().filter_map(|row| row.md5.parse::<Digest>().ok()));
    }
}
