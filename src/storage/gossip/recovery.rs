//! The queue of digests to fetch.

use std::time::Duration;

use super::Verdict;
use crate::domain::{Digest, Profile};

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
    /// Rounded up to seconds; `None` withdraws the offer.
    pub retry_in: Option<Duration>,
}

/// The sizes of the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Digests in the queue, whoever offers them.
    pub digests: u64,
    /// Those that are being fetched.
    pub claimed: u64,
    /// For how many seconds the oldest is queued; 0 when there is none.
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
