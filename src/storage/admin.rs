//! What operators do to certificates: signed requests, and the blocklist.
//!
//! Each is one transaction with all that follows from it: certificates and their change-log rows, what
//! reconciliation has settled, the charm's table, and the account of who did it.

mod audit;
mod blocks;
mod certificates;
mod deleted_keys;
mod requests;

use async_trait::async_trait;

use super::gossip::link::Engine;
use super::pool::run;
use super::{Put, PutOutcome, StorageError};
use crate::domain::Fingerprint;

/// The most fingerprints that one call blocks or unblocks, so that it ends within the deadlines.
pub const BLOCK_LIMIT: usize = 1_000;
/// The actor of blocks that were taken over from the charm's table.
pub const CHARM: &str = "deleted_keys";

#[async_trait]
pub trait AdminStorage: Send + Sync {
    /// Does what was asked for, unless it was done before: of several equal requests at once exactly one is carried
    /// out. An error undoes all, and the request may be made again.
    async fn carry_out(&self, request: &SignedRequest<'_>) -> Result<Carried, StorageError>;

    /// Blocks fingerprints, known or not: deletes the certificates, and settles their digests. In the order given.
    async fn block(&self, block: &Block<'_>) -> Result<Vec<BlockOutcome>, StorageError>;

    /// What [`AdminStorage::block`] would answer.
    async fn foresee(&self, fingerprints: &[Fingerprint]) -> Result<Vec<BlockOutcome>, StorageError>;

    /// Ends blocks, so that the certificates may come back; answers those that were in effect.
    async fn unblock(&self, unblock: &Unblock<'_>) -> Result<Vec<Fingerprint>, StorageError>;

    /// Blocks in order of the fingerprints' octets, after `after`, at most `limit`; also those that have ended.
    async fn blocks(&self, after: Option<&Fingerprint>, limit: u32) -> Result<Vec<Blocked>, StorageError>;

    /// How many blocks are in effect.
    async fn blocked_count(&self) -> Result<u64, StorageError>;

    /// Undoes what blocks left behind that have ended, at most `limit` of them; answers how many.
    async fn release_ended(&self, limit: u32) -> Result<u64, StorageError>;

    /// The rows of the charm's table in order of their texts, after `after`, at most `limit`. SQLite has none.
    async fn deleted_keys(&self, after: Option<&str>, limit: u32) -> Result<Vec<DeletedKey>, StorageError>;

    /// Those of `fingerprints` of which the blocklist knows nothing, or a block that ended and was released: who put
    /// them into the charm's table was not this program.
    async fn unheard_of(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Fingerprint>, StorageError>;

    /// Writes blocks that are in effect into the charm's table where they are missing; answers how many.
    async fn complete_deleted_keys(&self) -> Result<u64, StorageError>;
}

/// A request that an administrator signed.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    /// The primary key's fingerprint of the certificate that signed.
    pub signer: Fingerprint,
    /// Equal for equal requests only.
    pub signed: &'a [u8],
    pub effect: Effect<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum Effect<'a> {
    Delete(&'a [Fingerprint]),
    /// Stores each record in place of what is there. No fingerprint may occur twice.
    Replace(&'a [Put]),
}

/// What became of a signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// Those that were there.
    Deleted(Vec<Fingerprint>),
    /// In the order of the puts; each was inserted or updated.
    Replaced(Vec<PutOutcome>),
    /// Nothing was written, because of those that are neither. The request may be made again.
    Refused(Vec<PutOutcome>),
    /// It was carried out before.
    Replayed,
}

/// At most [`BLOCK_LIMIT`] fingerprints to block.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    pub fingerprints: &'a [Fingerprint],
    pub comment: &'a str,
    pub actor: &'a str,
    /// In seconds since 1970; `None`: never.
    pub expires_at: Option<i64>,
    /// What becomes of blocks that are in effect already.
    pub known: Known,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The last word counts.
    Overwrite,
    Keep,
}

/// What there was before a fingerprint was blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockOutcome {
    pub fingerprint: Fingerprint,
    pub was_stored: bool,
    pub was_blocked: bool,
}

/// At most [`BLOCK_LIMIT`] fingerprints to unblock.
#[derive(Clone, Copy, Debug)]
pub struct Unblock<'a> {
    pub fingerprints: &'a [Fingerprint],
    pub comment: &'a str,
    pub actor: &'a str,
}

/// A block. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub fingerprint: Fingerprint,
    pub comment: String,
    pub actor: String,
    pub created_at: i64,
    /// `None`: never.
    pub expires_at: Option<i64>,
    pub is_in_effect: bool,
}

/// A row of the charm's table, whatever somebody wrote into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedKey {
    pub fingerprint: String,
    pub comment: String,
}

#[async_trait]
impl<E: Engine> AdminStorage for E {
    async fn carry_out(&self, request: &SignedRequest<'_>) -> Result<Carried, StorageError> {
        let carried = run!(self.writing(), via E::link, requests::carry_out, request);
        self.wrote();
        carried
    }

    async fn block(&self, block: &Block<'_>) -> Result<Vec<BlockOutcome>, StorageError> {
        let blocked = run!(self.writing(), via E::link, blocks::block, block);
        self.wrote();
        blocked
    }

    async fn foresee(&self, fingerprints: &[Fingerprint]) -> Result<Vec<BlockOutcome>, StorageError> {
        run!(self.reading(), via E::link, blocks::foresee, fingerprints)
    }

    async fn unblock(&self, unblock: &Unblock<'_>) -> Result<Vec<Fingerprint>, StorageError> {
        run!(self.writing(), via E::link, blocks::unblock, unblock)
    }

    async fn blocks(&self, after: Option<&Fingerprint>, limit: u32) -> Result<Vec<Blocked>, StorageError> {
        run!(self.reading(), via E::link, blocks::list, after, limit)
    }

    async fn blocked_count(&self) -> Result<u64, StorageError> {
        run!(self.reading(), via E::link, blocks::count)
    }

    async fn release_ended(&self, limit: u32) -> Result<u64, StorageError> {
        run!(self.writing(), via E::link, blocks::release_ended, limit)
    }

    async fn deleted_keys(&self, after: Option<&str>, limit: u32) -> Result<Vec<DeletedKey>, StorageError> {
        run!(self.reading(), via E::link, deleted_keys::list, after, limit)
    }

    async fn unheard_of(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Fingerprint>, StorageError> {
        run!(self.reading(), via E::link, blocks::unheard_of, fingerprints)
    }

    async fn complete_deleted_keys(&self) -> Result<u64, StorageError> {
        run!(self.writing(), via E::link, deleted_keys::complete)
    }
}
