//! The queue of digests to fetch.

//!
//! Every transaction locks in the same order, so none waits in a circle: rows of `recovery` in the
//! order of their digests, then their offers, then rows of `settled` in the order of their digests.
//! Who writes offers holds the digest's row in `recovery`. None of them waits for a certificate or
//! for the log, which [`crate::storage::Storage::put`] holds; deleting certificates locks
//! certificates, rows of `settled`, the log; blocking them locks the blocklist, certificates, what is
//! above, the log.

mod claim;
pub(super) mod finish;
mod ledger;
mod offer;
mod prune;

use std::time::Duration;

use async_trait::async_trait;

pub use claim::{CANDIDATES, IN_ORDER};
pub use ledger::QUEUED;
pub use offer::statements as offer_statements;

use super::link::{Engine, List};
use super::settled::{self, Settled};
use super::{OFFER_CHUNK, RecoveryStorage, Verdict};
use crate::domain::{Digest, Fingerprint, Profile};
use crate::storage::StorageError;
use crate::storage::pool::run;

/// What became of offered digests; the counts add up to the number of different digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfferCounts {
    /// Stored in some profile.
    pub stored: u64,
    /// Not to be fetched.
    pub settled: u64,
    /// Offered by the partner before and still open.
    pub known: u64,
    /// Queued.
    pub queued: u64,
    /// Left out because the partner has as many open offers as it may.
    pub left_out: u64,
}

/// Who asks whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimer<'a> {
    pub unit: &'a str,
    pub partner: &'a str,
}

/// A digest to ask a partner for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    pub digest: Digest,
    /// That of the partner's tree which has it.
    pub profile: Profile,
    /// How often this partner was asked in vain.
    pub attempts: u32,
}

/// A digest that a partner was asked for in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    pub digest: Digest,
    pub verdict: Verdict,
    /// `None` withdraws the offer.
    pub retry_in: Option<Duration>,
}

/// The sizes of the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Digests in the queue, whoever offers them.
    pub digests: u64,
    /// Those that are being fetched.
    pub claimed: u64,
    /// For how many milliseconds the oldest is queued; 0 when there is none.
    pub oldest_age: u64,
    /// In order of partner and verdict.
    pub offers: Vec<LedgerRow>,
    /// Settled digests by reason, in order of the reasons' codes.
    pub settled: Vec<(Verdict, u64)>,
}

/// Open offers of one partner that were last refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    pub partner: String,
    /// `None`: not tried yet.
    pub verdict: Option<Verdict>,
    pub offers: u64,
}

/// An open offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedDigest {
    pub digest: Digest,
    pub partner: String,
    pub profile: Profile,
    /// When the digest entered the queue.
    pub first_seen: i64,
    /// When the partner last offered it.
    pub offered_at: i64,
    pub attempts: u32,
    pub next_try: i64,
    /// `None`: not tried yet.
    pub verdict: Option<Verdict>,
}

#[async_trait]
impl<E: Engine> RecoveryStorage for E {
    async fn stored(&self, digests: &[Digest]) -> Result<Vec<Digest>, StorageError> {
        let digests = digests.get(..OFFER_CHUNK).unwrap_or(digests);
        Ok(run!(self.reading(), via E::link, offer::stored, digests)?.into_iter().collect())
    }

    async fn offer(
        &self,
        partner: &str,
        profile: Profile,
        digests: &[Digest],
        cap: u64,
    ) -> Result<OfferCounts, StorageError> {
        let mut digests = digests.to_vec();
        digests.sort_unstable();
        digests.dedup();
        let mut counts = OfferCounts::default();
        let mut room = run!(self.reading(), via E::link, offer::room, partner, cap)?;
        for chunk in digests.chunks(OFFER_CHUNK) {
            let offer = offer::Offer { partner, profile, digests: chunk, room };
            let part = run!(self.writing(), via E::link, offer::offer, offer)?;
            room = room.saturating_sub(part.queued);
            counts.add(part);
        }
        Ok(counts)
    }

    async fn claim(&self, claimer: Claimer<'_>, limit: u32, lease: Duration) -> Result<Vec<Claimed>, StorageError> {
        run!(self.writing(), via E::link, claim::claim, claimer, limit, lease)
    }

    async fn missed(&self, claimer: Claimer<'_>, misses: &[Miss]) -> Result<(), StorageError> {
        for chunk in misses.chunks(OFFER_CHUNK) {
            run!(self.writing(), via E::link, finish::missed, claimer, chunk)?;
        }
        Ok(())
    }

    async fn resolved(&self, digests: &[Digest]) -> Result<u64, StorageError> {
        let mut count = 0;
        for chunk in digests.chunks(OFFER_CHUNK) {
            count += run!(self.writing(), via E::link, finish::resolved, chunk)?;
        }
        Ok(count)
    }

    async fn settle(&self, settled: &[Settled]) -> Result<(), StorageError> {
        for chunk in settled.chunks(OFFER_CHUNK) {
            run!(self.writing(), via E::link, settled::settle, chunk)?;
        }
        Ok(())
    }

    async fn unsettle(&self, fingerprints: &[Fingerprint]) -> Result<u64, StorageError> {
        let list = List::of_octets(fingerprints.iter().map(Fingerprint::as_bytes));
        run!(self.writing(), via E::link, settled::unsettle, &list)
    }

    async fn release(&self, unit: &str) -> Result<u64, StorageError> {
        run!(self.writing(), via E::link, finish::release, unit)
    }

    async fn prune_offers(&self, stale: Duration, limit: u32) -> Result<u64, StorageError> {
        run!(self.writing(), via E::link, prune::prune_offers, stale, limit)
    }

    async fn prune_settled(&self, expired: Duration, limit: u32) -> Result<u64, StorageError> {
        run!(self.writing(), via E::link, settled::prune, expired, limit)
    }

    async fn ledger(&self, limit: u32) -> Result<Ledger, StorageError> {
        run!(self.reading(), via E::link, ledger::ledger, limit)
    }

    async fn queued(&self, after: Option<(Digest, &str)>, limit: u32) -> Result<Vec<QueuedDigest>, StorageError> {
        run!(self.reading(), via E::link, ledger::queued, after, limit)
    }

    async fn settled(&self, after: Option<Digest>, limit: u32) -> Result<Vec<Settled>, StorageError> {
        run!(self.reading(), via E::link, settled::list, after, limit)
    }
}

impl OfferCounts {
    fn add(&mut self, other: Self) {
        self.stored += other.stored;
        self.settled += other.settled;
        self.known += other.known;
        self.queued += other.queued;
        self.left_out += other.left_out;
    }
}
