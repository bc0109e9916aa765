//! Taking certificates in: read, merge with what is stored, write.
//!
//! Parsing and verifying happen outside the transaction. A write names the revision that it merged
//! with; when somebody else was faster it is merged again, and what has been verified stays verified.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;

use super::Keyring;
use crate::cert::{self, BareSignature, DecodeError, Incoming, Item, Items, Merged, Rejected, Rejection};
use crate::domain::summary::Issuer;
use crate::domain::{Fingerprint, Search};
use crate::storage::adopt::Wanted;
use crate::storage::{MergeBase, Put, PutOutcome, StorageError};
use crate::telemetry::traces::TARGET;

/// The most items that are in memory, and certificates that are written in one transaction.
pub const BATCH_LIMIT: usize = 64;
/// A batch is complete when its certificates have this many octets.
pub const BATCH_OCTETS: usize = 1 << 20;
/// How often a certificate is merged again because somebody else wrote it first.
const CONFLICT_LIMIT: u32 = 100;

/// What became of each certificate, in the order of the input.
#[derive(Debug, Default)]
pub struct Submission {
    pub results: Vec<CertificateResult>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateResult {
    /// Known when the primary key could be read.
    pub fingerprint: Option<Fingerprint>,
    pub outcome: Outcome,
}

/// Every outcome but `Rejected` says that the certificate is durably stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Inserted,
    Updated,
    /// Nothing new.
    Unchanged,
    Rejected(Rejection),
}

/// Why a whole submission failed. What was stored before stays; sending all again is harmless.
#[derive(Debug, Error)]
pub enum SubmitError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Too many others write the same certificates.
    #[error("the certificate is being changed by too many others at once")]
    Contended,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Keyring {
    /// Stores the certificates of `input`: armored text, of which every block is read, or packets.
    #[tracing::instrument(target = TARGET, name = "submission", skip_all, fields(octets = input.len()))]
    pub async fn submit(&self, input: Bytes) -> Result<Submission, SubmitError> {
        let mut submission = Submission::default();
        for stream in cert::decode(&input)? {
            self.submit_stream(stream, &mut submission).await?;
        }
        Ok(submission)
    }

    async fn submit_stream(&self, stream: Bytes, submission: &mut Submission) -> Result<(), SubmitError> {
        let mut items = cert::read(stream, self.settings().limits);
        loop {
            let Some((rest, batch)) = self.blocking(move || next_batch(items)).await else {
                self.record(submission, rejected(None, Rejection::Internal));
                return Ok(());
            };
            if batch.is_empty() {
                return Ok(());
            }
            items = rest;
            submission.results.extend(self.store_items(batch).await?.results);
        }
    }

    /// Stores what has been read already, at most about [`BATCH_LIMIT`] items, as [`Keyring::submit`] does.
    pub async fn store_items(&self, items: Vec<Item>) -> Result<Submission, SubmitError> {
        let mut submission = Submission::default();
        let mut batch = Batch::default();
        for item in items {
            match item {
                Item::Certificate(incoming) => {
                    if batch.is_full_for(&incoming) {
                        self.store_batch(std::mem::take(&mut batch), &mut submission).await?;
                    }
                    batch.push(*incoming);
                }
                Item::BareSignature(signature) => {
                    self.store_batch(std::mem::take(&mut batch), &mut submission).await?;
                    self.store_revocation(signature, &mut submission).await?;
                }
                Item::Rejected(rejected) => {
                    self.store_batch(std::mem::take(&mut batch), &mut submission).await?;
                    self.record(&mut submission, rejected.into());
                }
            }
        }
        self.store_batch(batch, &mut submission).await?;
        Ok(submission)
    }

    async fn store_batch(&self, batch: Batch, submission: &mut Submission) -> Result<(), SubmitError> {
        let order: Vec<Fingerprint> = batch.incoming.iter().map(Incoming::fingerprint).collect();
        let mut outcomes = HashMap::new();
        let mut pending = batch.incoming;
        for attempt in 0..CONFLICT_LIMIT {
            if pending.is_empty() {
                break;
            }
            back_off(attempt).await;
            pending = self.try_batch(pending, &mut outcomes).await?;
        }
        if !pending.is_empty() {
            return Err(SubmitError::Contended);
        }
        for fingerprint in order {
            let outcome = outcomes.remove(&fingerprint).unwrap_or(Outcome::Rejected(Rejection::Internal));
            self.record(submission, CertificateResult { fingerprint: Some(fingerprint), outcome });
        }
        Ok(())
    }

    /// Merges and writes once; answers the certificates that somebody else wrote first.
    async fn try_batch(
        &self,
        pending: Vec<Incoming>,
        outcomes: &mut HashMap<Fingerprint, Outcome>,
    ) -> Result<Vec<Incoming>, SubmitError> {
        let fingerprints: Vec<Fingerprint> = pending.iter().map(Incoming::fingerprint).collect();
        let bases = self.store.merge_bases(&fingerprints).await?;
        let Some(merged) = self.blocking(move || merge_all(pending, bases)).await else {
            let internal = Outcome::Rejected(Rejection::Internal);
            outcomes.extend(fingerprints.into_iter().map(|fingerprint| (fingerprint, internal.clone())));
            return Ok(Vec::new());
        };
        outcomes.extend(merged.settled);
        if merged.puts.is_empty() {
            return Ok(Vec::new());
        }
        let written = self.store.put(&merged.puts).await?;
        let mut conflicts = Vec::new();
        for (incoming, outcome) in merged.changed.into_iter().zip(written) {
            match outcome {
                PutOutcome::Conflict => conflicts.push(incoming),
                other => {
                    outcomes.insert(incoming.fingerprint(), other.into());
                }
            }
        }
        Ok(conflicts)
    }

    /// Adds a revocation to every stored certificate that it is valid for.
    async fn store_revocation(&self, signature: BareSignature, submission: &mut Submission) -> Result<(), SubmitError> {
        let Some(issuer) = signature.revokes() else {
            self.record(submission, rejected(None, Rejection::NotARevocation));
            return Ok(());
        };
        let search = search_for(issuer);
        self.adopt_first(Wanted::Matching(&search)).await;
        let found = self.store.certificates(&search, self.settings().result_limit).await?;
        if found.is_empty() {
            let blocked = self.blocked_issuer(issuer).await?;
            let reason = if blocked.is_some() { Rejection::Blocked } else { Rejection::RevokesUnknown };
            self.record(submission, rejected(blocked, reason));
        }
        for certificate in found {
            let outcome = self.revoke(&signature, certificate.fingerprint).await?;
            self.record(submission, CertificateResult { fingerprint: Some(certificate.fingerprint), outcome });
        }
        Ok(())
    }

    /// The fingerprint that a signature names, if it is blocked.
    async fn blocked_issuer(&self, issuer: Issuer) -> Result<Option<Fingerprint>, StorageError> {
        let Issuer::Fingerprint(fingerprint) = issuer else { return Ok(None) };
        let known = self.store.admin().foresee(&[fingerprint]).await?;
        Ok(known.into_iter().find(|one| one.was_blocked).map(|one| one.fingerprint))
    }

    async fn revoke(&self, signature: &BareSignature, fingerprint: Fingerprint) -> Result<Outcome, SubmitError> {
        for attempt in 0..CONFLICT_LIMIT {
            back_off(attempt).await;
            let Some(base) = self.store.merge_bases(&[fingerprint]).await?.pop() else {
                return Ok(Outcome::Rejected(Rejection::RevokesUnknown));
            };
            let revision = base.revision;
            let signature = signature.clone();
            let merged =
                self.blocking(move || signature.merge(&base.packets)).await.unwrap_or(Err(Rejection::Internal));
            let record = match merged {
                Err(reason) => return Ok(Outcome::Rejected(reason)),
                Ok(Merged::Unchanged) => return Ok(Outcome::Unchanged),
                Ok(Merged::Changed(record)) => *record,
            };
            match self.store.put(&[Put { record, base: Some(revision) }]).await?.pop() {
                Some(PutOutcome::Conflict) | None => {}
                Some(outcome) => return Ok(outcome.into()),
            }
        }
        Err(SubmitError::Contended)
    }

    /// Adds what became of one certificate, and counts it: what is stored is counted even if a
    /// later part of the submission fails.
    fn record(&self, submission: &mut Submission, result: CertificateResult) {
        if self.is_counted {
            self.count(&result.outcome);
        }
        submission.results.push(result);
    }

    fn count(&self, outcome: &Outcome) {
        self.counts.add(outcome);
        match outcome {
            Outcome::Inserted => self.metrics.added.inc(),
            Outcome::Updated => self.metrics.updated.inc(),
            Outcome::Unchanged => self.metrics.ignored.inc(),
            Outcome::Rejected(reason) => self.metrics.rejected.with_label_values(&[reason.label()]).inc(),
        }
    }

    /// Runs `work` on a thread where it may block, within the limit on verifiers. A panic in it
    /// is logged and counted, and answers `None`.
    pub(super) async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let permit = self.verifiers.clone().acquire_owned().await.ok()?;
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            std::panic::catch_unwind(AssertUnwindSafe(work))
        });
        let result = task.await.ok()?;
        if result.is_err() {
            tracing::error!("a certificate made the parser panic; it was rejected");
            self.metrics.panics.inc();
        }
        result.ok()
    }
}

/// Certificates with different fingerprints.
#[derive(Default)]
struct Batch {
    incoming: Vec<Incoming>,
    fingerprints: HashSet<Fingerprint>,
}

impl Batch {
    fn is_full_for(&self, incoming: &Incoming) -> bool {
        self.incoming.len() >= BATCH_LIMIT || self.fingerprints.contains(&incoming.fingerprint())
    }

    fn push(&mut self, incoming: Incoming) {
        self.fingerprints.insert(incoming.fingerprint());
        self.incoming.push(incoming);
    }
}

#[derive(Default)]
struct MergedBatch {
    settled: Vec<(Fingerprint, Outcome)>,
    /// In the order of `puts`.
    changed: Vec<Incoming>,
    puts: Vec<Put>,
}

fn merge_all(pending: Vec<Incoming>, bases: Vec<MergeBase>) -> MergedBatch {
    let bases: HashMap<Fingerprint, MergeBase> = bases.into_iter().map(|base| (base.fingerprint, base)).collect();
    let mut batch = MergedBatch::default();
    for mut incoming in pending {
        let fingerprint = incoming.fingerprint();
        let base = bases.get(&fingerprint);
        match incoming.merge(base.map(|base| base.packets.as_ref())) {
            Err(reason) => batch.settled.push((fingerprint, Outcome::Rejected(reason))),
            Ok(Merged::Unchanged) => batch.settled.push((fingerprint, Outcome::Unchanged)),
            Ok(Merged::Changed(record)) => {
                batch.puts.push(Put { record: *record, base: base.map(|base| base.revision) });
                batch.changed.push(incoming);
            }
        }
    }
    batch
}

/// The next certificates of a stream, enough to keep one transaction busy; empty at its end.
pub fn next_batch(mut items: Items) -> (Items, Vec<Item>) {
    let mut batch = Vec::new();
    let mut octets = 0;
    while batch.len() < BATCH_LIMIT && octets < BATCH_OCTETS {
        let Some(item) = items.next() else { break };
        if let Item::Certificate(incoming) = &item {
            octets += incoming.octets();
        }
        batch.push(item);
    }
    (items, batch)
}

pub(super) fn search_for(issuer: Issuer) -> Search {
    match issuer {
        Issuer::KeyId(id) => Search::KeyId(id),
        Issuer::Fingerprint(fingerprint) | Issuer::Both(_, fingerprint) => Search::Fingerprint(fingerprint),
    }
}

/// Lets the others finish: 0 to 64 ms, longer with each attempt.
pub(super) async fn back_off(attempt: u32) {
    if attempt > 0 {
        tokio::time::sleep(Duration::from_millis(1 << attempt.min(6))).await;
    }
}

fn rejected(fingerprint: Option<Fingerprint>, reason: Rejection) -> CertificateResult {
    CertificateResult { fingerprint, outcome: Outcome::Rejected(reason) }
}

impl From<Rejected> for CertificateResult {
    fn from(value: Rejected) -> Self {
        rejected(value.fingerprint, value.reason)
    }
}

impl From<PutOutcome> for Outcome {
    fn from(outcome: PutOutcome) -> Self {
        match outcome {
            PutOutcome::Inserted => Self::Inserted,
            PutOutcome::Updated => Self::Updated,
            PutOutcome::Conflict => Self::Rejected(Rejection::Internal),
            PutOutcome::Blocked => Self::Rejected(Rejection::Blocked),
            PutOutcome::DigestTaken => Self::Rejected(Rejection::DigestTaken),
        }
    }
}
