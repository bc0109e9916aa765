//! What reconciliation with other keyservers keeps in the database: the sets that the prefix trees
//! are built from, the queue of digests to fetch, and what units tell each other.
//!
//! Nothing here is the truth about certificates: all of it may be lost and comes back by itself.
//! Times are milliseconds since 1970-01-01T00:00:00Z by the clock of the database, which is the
//! same for all units. Every list has a limit, which the caller states or a constant here names.

mod fleet;
pub(super) mod link;
pub mod partners;
pub mod push;
pub mod recovery;
pub mod sets;
pub mod settled;
mod time;
pub mod units;
mod verdict;

use std::time::Duration;

use async_trait::async_trait;

pub use partners::{PartnerEvent, PartnerState};
pub use push::PushState;
pub use recovery::{Claimed, Claimer, Ledger, LedgerRow, Miss, OfferCounts, QueuedDigest};
pub use sets::{DigestSets, PruneLog};
pub use settled::Settled;
pub use units::{RequestId, UnitAnswer, UnitReport, UnitRequest, UnitState};
pub use verdict::Verdict;

use super::StorageError;
use crate::domain::{Digest, Fingerprint, Profile};

/// The most digests that one transaction of an offer looks at; longer offers take several.
pub const OFFER_CHUNK: usize = 5_000;
/// The most digests that one call of [`RecoveryStorage::claim`] hands out.
pub const CLAIM_LIMIT: u32 = 1_000;
/// The most octets of the detail of a partner's event, of a unit's state and of a unit's answer; more is
/// refused by the database.
pub const DETAIL_OCTETS: usize = 65_536;
/// The most octets of the names of units, partners, targets, requests and kinds of events.
pub const NAME_OCTETS: usize = 255;

/// Everything of this module; answered by [`super::Storage::gossip`].
pub trait GossipStorage: SetStorage + RecoveryStorage + FleetStorage {}

impl<S: SetStorage + RecoveryStorage + FleetStorage> GossipStorage for S {}

/// The sets of digests, and the log that keeps copies of them up to date.
#[async_trait]
pub trait SetStorage: Send + Sync {
    /// All digests of each profile with the position in the log up to which they are complete: the
    /// sets and the rows of [`super::Storage::changes`] after the position are always together the
    /// whole, nothing missed and nothing doubled. Not subject to the deadline of other statements.
    async fn digest_sets(&self) -> Result<DigestSets, StorageError>;

    /// The highest position that any row of the log has or had; 0 when there was none.
    async fn log_end(&self) -> Result<i64, StorageError>;

    /// The highest position that was ever pruned from the log; 0 when none was.
    ///
    /// Whoever follows the log asks this *after* each call of [`super::Storage::changes`]: when the
    /// answer is higher than the position that the call continued from, rows may have been missed,
    /// and the copy has to be built anew.
    async fn log_floor(&self) -> Result<i64, StorageError>;

    /// Deletes the oldest rows of the log that nobody needs; answers how many. Call it again while it
    /// answers the limit.
    async fn prune_changes(&self, bounds: PruneLog) -> Result<u64, StorageError>;
}

/// The queue of digests that partners have and we lack.
///
/// A digest is fetched by one unit at a time, whoever offers it: a claim covers all its offers.
#[async_trait]
pub trait RecoveryStorage: Send + Sync {
    /// Those of `digests` that a certificate has in some profile; in any order. At most [`OFFER_CHUNK`] are looked at.
    async fn stored(&self, digests: &[Digest]) -> Result<Vec<Digest>, StorageError>;

    /// Queues what `partner` has, by its tree of `profile`, and we lack. Digests that are stored in any
    /// profile or settled are left out; those that the partner already offers are only kept from going
    /// stale. New ones are left out once the partner has `cap` open offers, which several units that
    /// queue at the same moment may exceed by one chunk each. Any number of digests, in any order; done in
    /// transactions of [`OFFER_CHUNK`], so an error may leave a part done, and repeating is harmless.
    async fn offer(
        &self,
        partner: &str,
        profile: Profile,
        digests: &[Digest],
        cap: u64,
    ) -> Result<OfferCounts, StorageError>;

    /// Claims at most `limit` (and [`CLAIM_LIMIT`]) digests that the claimer's partner offers, are due and
    /// nobody else holds, for `lease`; those that are due for longest come first. Digests that have been
    /// stored or settled since they were queued are dropped on the way. Empty: nothing is due.
    async fn claim(&self, claimer: Claimer<'_>, limit: u32, lease: Duration) -> Result<Vec<Claimed>, StorageError>;

    /// The claimer did not get these from its partner: each verdict is noted, the claims end, and the offer
    /// is due again after the stated time. Offers of other partners stay as they are, so the next partner may
    /// be asked at once. A digest whose last offer is withdrawn is dropped.
    async fn missed(&self, claimer: Claimer<'_>, misses: &[Miss]) -> Result<(), StorageError>;

    /// These are stored, or not wanted any more: they leave the queue, with all offers. Answers how many were in it.
    async fn resolved(&self, digests: &[Digest]) -> Result<u64, StorageError>;

    /// Remembers digests not to fetch again, and takes them out of the queue. One that was settled before
    /// is settled anew.
    async fn settle(&self, settled: &[Settled]) -> Result<(), StorageError>;

    /// Forgets what was settled with these fingerprints, so that it is fetched when it is offered again;
    /// answers how many. To be called when a fingerprint is unblocked; [`super::Storage::remove`] does
    /// it itself.
    async fn unsettle(&self, fingerprints: &[Fingerprint]) -> Result<u64, StorageError>;

    /// Ends all claims of a unit that stops; answers how many.
    async fn release(&self, unit: &str) -> Result<u64, StorageError>;

    /// Deletes offers that were not made again for `stale`, and digests without offers; answers how many
    /// offers. At most `limit`: call it again while it answers that.
    async fn prune_offers(&self, stale: Duration, limit: u32) -> Result<u64, StorageError>;

    /// Forgets what was settled longer ago than `expired`, at most `limit`; answers how many.
    async fn prune_settled(&self, expired: Duration, limit: u32) -> Result<u64, StorageError>;

    /// The sizes of the queue, at most `limit` rows of each kind. Reads the whole queue, so callers keep
    /// the answer for a while.
    async fn ledger(&self, limit: u32) -> Result<Ledger, StorageError>;

    /// The open offers in order of digest and partner, after `after`, at most `limit`.
    async fn queued(&self, after: Option<(Digest, &str)>, limit: u32) -> Result<Vec<QueuedDigest>, StorageError>;

    /// What is settled, in order of the digests, after `after`, at most `limit`.
    async fn settled(&self, after: Option<Digest>, limit: u32) -> Result<Vec<Settled>, StorageError>;
}

/// What units agree on and tell each other. Names are up to [`NAME_OCTETS`].
#[async_trait]
pub trait FleetStorage: Send + Sync {
    /// Whether `unit` is the one to turn to the partner for this interval: at most one unit gets `true`, and
    /// the next one no earlier than `interval` later. Works for anything that has a name and turns.
    async fn lease_partner(&self, name: &str, unit: &str, interval: Duration) -> Result<bool, StorageError>;

    /// Makes the next turn of the partner due after `delay`, if the last one was `unit`'s; answers whether it was.
    async fn reschedule_partner(&self, name: &str, unit: &str, delay: Duration) -> Result<bool, StorageError>;

    /// Keeps `detail` as the partner's last event of this kind, for all units to see.
    async fn partner_event(&self, name: &str, kind: &str, unit: &str, detail: &str) -> Result<(), StorageError>;

    /// Partners in order of their names with their last events, at most `limit`.
    async fn partner_states(&self, limit: u32) -> Result<Vec<PartnerState>, StorageError>;

    /// Tells that a unit lives, and what it knows. The first call notes the time as that of its start.
    async fn unit_seen(&self, report: UnitReport<'_>) -> Result<(), StorageError>;

    /// A unit that stops takes itself off the list.
    async fn unit_gone(&self, unit: &str) -> Result<(), StorageError>;

    /// Units in order of their names, at most `limit`.
    async fn units(&self, limit: u32) -> Result<Vec<UnitState>, StorageError>;

    /// Asks all units for something; wakes those that wait for changes.
    async fn request(&self, kind: &str) -> Result<RequestId, StorageError>;

    /// The last request: where a unit that starts begins to follow. 0 when there was none.
    async fn last_request(&self) -> Result<RequestId, StorageError>;

    /// Requests after `after`, oldest first, at most `limit`; none appears later before one that was answered here.
    async fn requests(&self, after: RequestId, limit: u32) -> Result<Vec<UnitRequest>, StorageError>;

    /// A unit's answer to a request; a second one replaces the first. The answer to a request that was pruned is dropped.
    async fn answer(&self, request: RequestId, unit: &str, text: &str) -> Result<(), StorageError>;

    /// The answers to a request in order of the units' names, at most `limit`.
    async fn answers(&self, request: RequestId, limit: u32) -> Result<Vec<UnitAnswer>, StorageError>;

    /// How far a target of pushes got; `None` when it is new.
    async fn push_state(&self, target: &str) -> Result<Option<PushState>, StorageError>;

    /// Replaces the state of a target. Pushes to one target are made by one unit at a time: see
    /// [`FleetStorage::lease_partner`].
    async fn put_push_state(&self, target: &str, state: &PushState) -> Result<(), StorageError>;

    /// All targets in order of their names, at most `limit`.
    async fn push_states(&self, limit: u32) -> Result<Vec<(String, PushState)>, StorageError>;

    /// Deletes units and push targets that were not heard of, partners that had neither turn nor event, and
    /// requests with their answers that were made, longer ago than `silence`; at most `limit` of each.
    async fn prune_fleet(&self, silence: Duration, limit: u32) -> Result<(), StorageError>;
}
