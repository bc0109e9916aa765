//! The blocklist: what is blocked is gone and stays gone, on all servers on the store, until it is unblocked.

use std::collections::BTreeMap;

use thiserror::Error;

use super::Keyring;
use super::admin::once_each;
use crate::domain::Fingerprint;
use crate::storage::StorageError;
use crate::storage::admin::{BLOCK_LIMIT, Block, BlockOutcome, Blocked, CHARM, DeletedKey, Known, Unblock};

/// The longest comment, in octets.
pub const COMMENT_OCTETS_LIMIT: usize = 4096;
/// The actor of blocks that the configuration lists.
pub const CONFIGURATION: &str = "configuration";
const CONFIGURED: &str = "listed in openpgp.blacklist";
/// Rows that are read at once.
const PAGE: u32 = 1000;

/// What an operator wants to be blocked or unblocked.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    pub fingerprints: &'a [Fingerprint],
    pub comment: &'a str,
    pub actor: &'a str,
}

/// Why nothing was blocked or unblocked.
#[derive(Debug, Error)]
pub enum BlockError {
    #[error("at most {BLOCK_LIMIT} fingerprints can be given at once")]
    TooMany,
    #[error("a comment has at most {COMMENT_OCTETS_LIMIT} octets")]
    LongComment,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What was found in the charm's table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    pub blocked: usize,
    /// Rows without a fingerprint in them.
    pub skipped: usize,
}

impl Keyring {
    /// Blocks all in one transaction; answers what there was of each before. `expires_at` is in seconds since 1970.
    pub async fn block(&self, wish: Wish<'_>, expires_at: Option<i64>) -> Result<Vec<BlockOutcome>, BlockError> {
        let fingerprints = wish.checked()?;
        let Wish { comment, actor, .. } = wish;
        let block = Block { fingerprints: &fingerprints, comment, actor, expires_at, known: Known::Overwrite };
        Ok(self.block_counted(&block).await?)
    }

    /// What [`Keyring::block`] would answer.
    pub async fn foresee_block(&self, wish: Wish<'_>) -> Result<Vec<BlockOutcome>, BlockError> {
        Ok(self.store.admin().foresee(&wish.checked()?).await?)
    }

    /// Unblocks all in one transaction; answers those that were blocked. They may come back as any certificate comes.
    pub async fn unblock(&self, wish: Wish<'_>) -> Result<Vec<Fingerprint>, BlockError> {
        let fingerprints = wish.checked()?;
        let Wish { comment, actor, .. } = wish;
        Ok(self.store.admin().unblock(&Unblock { fingerprints: &fingerprints, comment, actor }).await?)
    }

    /// All blocks in order of the fingerprints, also those that have ended.
    pub async fn blocks(&self) -> Result<Vec<Blocked>, StorageError> {
        let mut all: Vec<Blocked> = Vec::new();
        loop {
            let after = all.last().map(|last| last.fingerprint);
            let page = self.store.admin().blocks(after.as_ref(), PAGE).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// Blocks what the configuration lists and is not blocked yet; answers how many these were.
    pub async fn block_configured(&self, fingerprints: &[Fingerprint]) -> Result<usize, StorageError> {
        let blocked = self.block_unknown(fingerprints, CONFIGURED, CONFIGURATION).await?;
        if blocked > 0 {
            tracing::info!(blocked, "fingerprints of the configuration were blocked");
        }
        Ok(blocked)
    }

    /// Blocks what the charm's older image has put into its table, and puts what it lacks into it.
    pub async fn take_over_deleted_keys(&self) -> Result<TakenOver, StorageError> {
        let admin = self.store.admin();
        let mut taken_over = TakenOver::default();
        let mut after: Option<String> = None;
        loop {
            let page = admin.deleted_keys(after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.fingerprint.clone());
            taken_over.skipped += self.take_over(&page, &mut taken_over.blocked).await?;
        }
        admin.complete_deleted_keys().await?;
        if taken_over.blocked > 0 {
            tracing::info!(blocked = taken_over.blocked, "rows of deleted_keys were taken over into the blocklist");
        }
        Ok(taken_over)
    }

    /// Answers how many rows were skipped.
    async fn take_over(&self, rows: &[DeletedKey], blocked: &mut usize) -> Result<usize, StorageError> {
        let mut comments: BTreeMap<Fingerprint, &str> = BTreeMap::new();
        let mut skipped = 0;
        for DeletedKey { fingerprint, comment } in rows {
            match fingerprint.parse() {
                Ok(parsed @ (Fingerprint::V4(_) | Fingerprint::V6(_))) if !fingerprint.contains(['x', 'X']) => {
                    comments.insert(parsed, comment);
                }
                _ => {
                    tracing::warn!(row = ?fingerprint, "a row of deleted_keys has no fingerprint and is skipped");
                    skipped += 1;
                }
            }
        }
        let known: Vec<Fingerprint> = comments.keys().copied().collect();
        let mut by_comment: BTreeMap<&str, Vec<Fingerprint>> = BTreeMap::new();
        for fingerprint in self.store.admin().unheard_of(&known).await? {
            by_comment.entry(comments.get(&fingerprint).copied().unwrap_or_default()).or_default().push(fingerprint);
        }
        for (comment, fingerprints) in by_comment {
            *blocked += self.block_unknown(&fingerprints, comment, CHARM).await?;
        }
        Ok(skipped)
    }

    /// Leaves blocks that are in effect as they are; answers how many were not.
    async fn block_unknown(
        &self,
        fingerprints: &[Fingerprint],
        comment: &str,
        actor: &str,
    ) -> Result<usize, StorageError> {
        let mut count = 0;
        for fingerprints in once_each(fingerprints.to_vec()).chunks(BLOCK_LIMIT) {
            let block = Block { fingerprints, comment, actor, expires_at: None, known: Known::Keep };
            let outcomes = self.block_counted(&block).await?;
            count += outcomes.iter().filter(|outcome| !outcome.was_blocked).count();
        }
        Ok(count)
    }

    async fn block_counted(&self, block: &Block<'_>) -> Result<Vec<BlockOutcome>, StorageError> {
        let outcomes = self.store.admin().block(block).await?;
        self.note_removed(outcomes.iter().filter(|outcome| outcome.was_stored).count());
        Ok(outcomes)
    }

    /// Counts certificates that were deleted.
    pub(super) fn note_removed(&self, count: usize) {
        self.metrics.removed.inc_by(count as u64);
        self.counts.add_removed(count);
    }
}

impl Wish<'_> {
    /// The fingerprints, each once.
    fn checked(&self) -> Result<Vec<Fingerprint>, BlockError> {
        let fingerprints = once_each(self.fingerprints.to_vec());
        match () {
            () if fingerprints.len() > BLOCK_LIMIT => Err(BlockError::TooMany),
            () if self.comment.len() > COMMENT_OCTETS_LIMIT => Err(BlockError::LongComment),
            () => Ok(fingerprints),
        }
    }
}
