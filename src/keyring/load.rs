//! Storing whole keyrings: a batch of certificates at a time, several batches at once.
//!
//! Nothing gets lost on the way: every certificate that was read has one outcome, and octets that
//! are no certificate are told.

mod armored;
mod binary;
mod landmark;
mod reader;
mod totals;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{CertificateResult, Keyring, Outcome, SubmitError};
use crate::cert::{self, Item, Rejected, Rejection};

pub use reader::{CertificateReader, Piece, PieceKind, ReadError};
pub use totals::Totals;

/// How often a batch is tried again while the database is busy or away.
const ATTEMPT_LIMIT: u32 = 6;
/// How long the first pause before another attempt is; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// A piece with what became of its certificates.
#[derive(Debug)]
pub struct Stored {
    pub piece: Piece,
    /// How many certificates the piece held.
    pub read: usize,
    /// One for each certificate, in their order.
    pub results: Vec<CertificateResult>,
}

impl Keyring {
    /// Stores the batches of a channel, `concurrency` at once, and hands every outcome to `report`.
    ///
    /// Ends with the channel, or soon after `stop`. Then, and after a failure, no further batch is taken, but
    /// those under way are finished.
    pub async fn load(
        &self,
        mut batches: mpsc::Receiver<Vec<Piece>>,
        concurrency: usize,
        stop: &CancellationToken,
        mut report: impl FnMut(Vec<Stored>),
    ) -> Result<(), SubmitError> {
        let mut under_way = JoinSet::new();
        let mut failure = None;
        let mut takes_more = true;
        while takes_more || !under_way.is_empty() {
            tokio::select! {
                () = stop.cancelled(), if takes_more => takes_more = false,
                batch = batches.recv(), if takes_more && under_way.len() < concurrency.max(1) => match batch {
                    Some(batch) => {
                        let keyring = self.clone();
                        under_way.spawn(async move { keyring.load_batch(batch).await });
                    }
                    None => takes_more = false,
                },
                Some(done) = under_way.join_next() => match done {
                    Ok(Ok(stored)) => report(stored),
                    Ok(Err(error)) => {
                        takes_more = false;
                        failure.get_or_insert(error);
                    }
                    Err(panic) => std::panic::resume_unwind(panic.into_panic()),
                },
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Stores one batch. When the store is busy or away, all of it is tried again, which is harmless.
    async fn load_batch(&self, pieces: Vec<Piece>) -> Result<Vec<Stored>, SubmitError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPT_LIMIT {
            match self.try_load(&pieces).await {
                Err(error) if is_transient(&error) => {
                    tracing::warn!(%error, pause_ms = pause.as_millis(), "a batch could not be stored and is tried again");
                }
                Err(error) => return Err(error),
                Ok(outcomes) => return Ok(join(pieces, outcomes)),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        let outcomes = self.try_load(&pieces).await?;
        Ok(join(pieces, outcomes))
    }

    /// The number of certificates and the outcomes of each piece.
    async fn try_load(&self, pieces: &[Piece]) -> Result<Vec<Outcomes>, SubmitError> {
        let limits = self.settings().limits;
        let input = pieces.to_vec();
        let work = move || input.iter().map(|piece| items(piece, limits)).collect::<Vec<_>>();
        let parsed = self.blocking(work).await.unwrap_or_else(|| pieces.iter().map(|_| vec![unreadable()]).collect());
        let mut outcomes = Vec::with_capacity(pieces.len());
        let mut pending = Vec::new();
        let mut sizes = Vec::new();
        for items in parsed {
            if !items.iter().any(|item| matches!(item, Item::BareSignature(_))) {
                sizes.push(items.len());
                pending.extend(items);
                continue;
            }
            self.store_pending(&mut pending, &mut sizes, &mut outcomes).await?;
            outcomes.push(self.store_revocations(items).await?);
        }
        self.store_pending(&mut pending, &mut sizes, &mut outcomes).await?;
        Ok(outcomes)
    }

    /// Stores certificates of several pieces together; `sizes` says how many belong to each piece.
    async fn store_pending(
        &self,
        pending: &mut Vec<Item>,
        sizes: &mut Vec<usize>,
        outcomes: &mut Vec<Outcomes>,
    ) -> Result<(), SubmitError> {
        let mut results = self.store_items(std::mem::take(pending)).await?.results.into_iter();
        for read in sizes.drain(..) {
            outcomes.push(Outcomes { read, results: results.by_ref().take(read).collect() });
        }
        Ok(())
    }

    /// Stores revocations that came alone. Each counts once, however many certificates it changes.
    async fn store_revocations(&self, items: Vec<Item>) -> Result<Outcomes, SubmitError> {
        let mut outcomes = Outcomes { read: items.len(), results: Vec::new() };
        for item in items {
            let results = self.store_items(vec![item]).await?.results;
            outcomes.results.extend(results.into_iter().min_by_key(|result| rank(&result.outcome)));
        }
        Ok(outcomes)
    }
}

struct Outcomes {
    read: usize,
    results: Vec<CertificateResult>,
}

fn join(pieces: Vec<Piece>, outcomes: Vec<Outcomes>) -> Vec<Stored> {
    pieces
        .into_iter()
        .zip(outcomes)
        .map(|(piece, Outcomes { read, results })| Stored { piece, read, results })
        .collect()
}

/// What a piece holds, to be stored.
fn items(piece: &Piece, limits: cert::Limits) -> Vec<Item> {
    match &piece.kind {
        PieceKind::Packets => cert::read(piece.octets.clone(), limits).collect(),
        PieceKind::Damaged(reason) => vec![Item::Rejected(Rejected { fingerprint: None, reason: reason.clone() })],
        PieceKind::Skipped { .. } => Vec::new(),
    }
}

fn unreadable() -> Item {
    Item::Rejected(Rejected { fingerprint: None, reason: Rejection::Internal })
}

fn is_transient(error: &SubmitError) -> bool {
    match error {
        SubmitError::Decode(_) => false,
        SubmitError::Contended => true,
        SubmitError::Storage(error) => error.is_transient(),
    }
}

fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Inserted => 0,
        Outcome::Updated => 1,
        Outcome::Unchanged => 2,
        Outcome::Rejected(_) => 3,
    }
}
