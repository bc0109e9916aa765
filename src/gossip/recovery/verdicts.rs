//! What becomes of each digest after a partner answered.

use std::time::Duration;

use super::{Done, Worker};
use crate::cert::Rejection;
use crate::domain::Digest;
use crate::gossip::back_off::doubled;
use crate::keyring::{Recovered, Recovery};
use crate::storage::StorageError;
use crate::storage::gossip::{Claimed, Claimer, Miss, Settled, Verdict};

/// The wait after the first attempt in vain; each is twice the one before.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// The longest wait: a digest that nobody can deliver is asked for once a day.
const LAST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// What is noted of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
struct Notes {
    stored: Vec<Digest>,
    settled: Vec<Settled>,
    missed: Vec<Miss>,
}

/// Notes what became of each claimed digest.
pub(super) async fn note(
    worker: &Worker,
    claimer: Claimer<'_>,
    claimed: &[Claimed],
    recovery: Recovery,
) -> Result<Done, StorageError> {
    let notes = Notes::new(claimed, recovery);
    let store = worker.keyring.store().gossip();
    let partner = claimer.partner;
    let label = worker.directory.label(partner);
    worker.metrics.fetched(label, "stored", notes.stored.len());
    worker.metrics.fetched(label, "settled", notes.settled.len());
    worker.metrics.fetched(label, "missed", notes.missed.len());
    tracing::info!(
        partner = label,
        stored = notes.stored.len(),
        settled = notes.settled.len(),
        missed = notes.missed.len(),
        "fetched from a partner"
    );
    let is_in_vain = notes.missed.len() == claimed.len();
    if !notes.stored.is_empty() {
        store.resolved(&notes.stored).await?;
    }
    if !notes.settled.is_empty() {
        store.settle(&notes.settled).await?;
    }
    if !notes.missed.is_empty() {
        store.missed(claimer, &notes.missed).await?;
    }
    Ok(if is_in_vain { Done::Failed } else { Done::Answered })
}

/// The same verdict on everything that was claimed.
pub(super) fn all(claimed: &[Claimed], verdict: &Verdict) -> Vec<Miss> {
    claimed.iter().map(|claimed| miss(claimed, verdict.clone())).collect()
}

impl Notes {
    fn new(claimed: &[Claimed], recovery: Recovery) -> Self {
        let mut notes = Self::default();
        let missing = if recovery.unasked > 0 { Verdict::WrongAnswer } else { Verdict::Missing };
        for (claimed, (digest, recovered)) in claimed.iter().zip(recovery.digests) {
            let settled = |reason, fingerprint| Settled { digest, profile: claimed.profile, reason, fingerprint };
            match recovered {
                Recovered::Stored => notes.stored.push(digest),
                Recovered::Differs(fingerprint) => notes.settled.push(settled(Verdict::Differs, Some(fingerprint))),
                Recovered::Rejected(Rejection::Blocked, fingerprint) => {
                    notes.settled.push(settled(Verdict::Blocked, fingerprint));
                }
                // Ours to mend, not a word on the certificate.
                Recovered::Rejected(Rejection::Internal, _) => notes.missed.push(miss(claimed, Verdict::Contended)),
                Recovered::Rejected(reason, fingerprint) => {
                    notes.settled.push(settled(Verdict::Rejected(reason.label().to_owned()), fingerprint));
                }
                Recovered::Missing => notes.missed.push(miss(claimed, missing.clone())),
            }
        }
        notes
    }
}

fn miss(claimed: &Claimed, verdict: Verdict) -> Miss {
    Miss { digest: claimed.digest, verdict, retry_in: Some(doubled(FIRST_WAIT, claimed.attempts, LAST_WAIT)) }
}
