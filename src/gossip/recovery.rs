//! Fetching the certificates that partners have and this server lacks.
//!
//! The queue is in the database, shared by all units. A digest is claimed before it is fetched, so one
//! unit asks one partner for it at a time; when that partner fails, the claim ends, and whoever else
//! offered it is asked. Sessions only fill the queue, and never wait for it.

mod backlog;
mod fetch;
mod hashquery;
mod pace;
mod verdicts;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Span;
use tracing::field::Empty;

use super::directory::Directory;
use crate::config::PeerAddress;
use crate::domain::{Digest, PeerEvent};
use crate::keyring::{Keyring, SubmitError};
use crate::storage::StorageError;
use crate::storage::gossip::{Claimed, Claimer, Verdict};
use crate::telemetry::ReconMetrics;
use crate::telemetry::traces::TARGET;
use backlog::{Backlog, Turn};
use fetch::FetchError;
pub use fetch::Fetcher;

/// How long a unit may work on what it claimed; another takes over when it does not end before. With the pause
/// of an idle queue that is less than a minute.
const CLAIM_LEASE: Duration = Duration::from_secs(40);
/// Less than the lease, so that what was fetched can still be stored.
const FETCH_LIMIT: Duration = Duration::from_secs(30);
/// The longest wait for a digest whose request was not answered: it may be the digest, but more likely the partner.
const SINGLE_WAIT: Duration = Duration::from_secs(300);
/// Partners that may be told of at once to have something new; when there are more, they are found later.
const NEWS_LIMIT: usize = 1024;
/// Requests at once to all partners together; each may hold an answer in memory.
const REQUESTS_LIMIT: usize = 16;

/// How often it is looked whether certificates are still being taken over, during which nothing is fetched.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells the workers that a partner offers something new. Cheap to clone.
#[derive(Clone, Debug)]
pub struct News(mpsc::Sender<String>);

impl News {
    /// Wakes the worker of a partner. What is not told is found a little later.
    pub fn tell(&self, partner: &str) {
        let _ = self.0.try_send(partner.to_owned());
    }
}

/// The worker that empties the queue.
pub struct Recovery {
    worker: Arc<Worker>,
    news: mpsc::Receiver<String>,
    /// Requests at once to one partner.
    connections: usize,
}

/// What one turn needs: who is asked where, and who takes in the answers.
pub struct Worker {
    pub keyring: Keyring,
    pub directory: Arc<Directory>,
    pub fetcher: Fetcher,
    /// No other running unit has this name.
    pub unit: String,
    pub metrics: ReconMetrics,
}

/// What came of one turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// The queue had nothing due for the partner.
    Idle,
    /// The partner answered.
    Answered,
    /// The partner did not answer, or not all of it.
    Failed,
    /// The store did not answer.
    StoreFailed,
}

/// The way to tell of news, and what empties the queue with so many requests at once to one partner.
pub fn recovery(worker: Worker, connections: usize) -> (News, Recovery) {
    let (tell, news) = mpsc::channel(NEWS_LIMIT);
    (News(tell), Recovery { worker: Arc::new(worker), news, connections })
}

impl Recovery {
    /// Works until `stop`, then gives back what was claimed.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut backlog = Backlog::new(self.connections, REQUESTS_LIMIT);
        let mut turns = JoinSet::new();
        loop {
            backlog.learn(self.worker.directory.names());
            let now = Instant::now();
            // What has not been taken over yet need not be fetched.
            let is_paused = self.worker.keyring.is_adopting();
            while !is_paused && let Some(Turn { partner, batch }) = backlog.next(now) {
                let worker = self.worker.clone();
                turns.spawn(async move {
                    let done = worker.turn(&partner, batch).await;
                    (partner, done)
                });
            }
            tokio::select! {
                () = stop.cancelled() => break,
                Some(partner) = self.news.recv() => backlog.wake(&partner, Instant::now()),
                Some(ended) = turns.join_next() => match ended {
                    Ok((partner, done)) => backlog.ended(&partner, done, Instant::now()),
                    Err(error) => {
                        tracing::error!(%error, "fetching from a partner panicked");
                        backlog.forget_turns(turns.len());
                    }
                },
                () = tokio::time::sleep(if is_paused { PAUSE } else { backlog.until_next(now) }) => {}
            }
        }
        turns.shutdown().await;
        if let Err(error) = self.worker.keyring.store().gossip().release(&self.worker.unit).await {
            tracing::warn!(%error, "claims were not given back; they run out by themselves");
        }
    }
}

impl Worker {
    /// Claims, fetches and submits one batch of what `partner` offers.
    async fn turn(&self, partner: &str, batch: u32) -> Done {
        match self.try_turn(partner, batch).await {
            Ok(done) => done,
            Err(error) => {
                tracing::warn!(partner = self.directory.label(partner), %error, "what a partner offers cannot be taken in at the moment");
                Done::StoreFailed
            }
        }
    }

    async fn try_turn(&self, partner: &str, batch: u32) -> Result<Done, StorageError> {
        let Some(address) = self.directory.address(partner) else { return Ok(Done::Idle) };
        let claimer = Claimer { unit: &self.unit, partner };
        let claimed = self.keyring.store().gossip().claim(claimer, batch, CLAIM_LEASE).await?;
        if claimed.is_empty() {
            return Ok(Done::Idle);
        }
        self.batch(&address, claimer, &claimed).await
    }

    /// Fetches and submits what was claimed.
    #[tracing::instrument(target = TARGET, name = "recovery", skip_all, fields(otel.kind = "client",
        peer = self.directory.label(claimer.partner), digests = claimed.len(), otel.status_code = Empty))]
    async fn batch(
        &self,
        address: &PeerAddress,
        claimer: Claimer<'_>,
        claimed: &[Claimed],
    ) -> Result<Done, StorageError> {
        let partner = claimer.partner;
        let digests: Vec<Digest> = claimed.iter().map(|claimed| claimed.digest).collect();
        let (label, started) = (self.directory.label(partner), Instant::now());
        let fetched = tokio::time::timeout(FETCH_LIMIT, self.fetcher.fetch(address, &digests)).await;
        let answered = match fetched.unwrap_or(Err(FetchError::TimedOut)) {
            Ok(answered) => answered,
            Err(error) => {
                Span::current().record("otel.status_code", "ERROR");
                tracing::info!(partner = label, count = claimed.len(), %error, "a partner did not answer with certificates");
                self.metrics.batch(label, "failure", started.elapsed(), 0);
                self.note(partner, PeerEvent::RecoveryFailure, &error.to_string()).await;
                return self.failed(claimer, claimed, &error).await;
            }
        };
        let octets = answered.iter().map(bytes::Bytes::len).sum::<usize>();
        self.metrics.batch(label, "success", started.elapsed(), octets.try_into().unwrap_or(u64::MAX));
        self.note(partner, PeerEvent::Recovery, "").await;
        match self.keyring.recover(digests, answered).await {
            Ok(recovery) => verdicts::note(self, claimer, claimed, recovery).await,
            Err(SubmitError::Storage(error)) => Err(error),
            Err(error) => {
                tracing::warn!(partner = label, %error, "fetched certificates could not be stored");
                let misses = verdicts::all(claimed, &Verdict::Contended);
                self.keyring.store().gossip().missed(claimer, &misses).await?;
                Ok(Done::Failed)
            }
        }
    }

    async fn note(&self, partner: &str, event: PeerEvent, error: &str) {
        if let Err(error) = self.keyring.note_peer(partner, event, &self.unit, error).await {
            tracing::warn!(%error, "how fetching went could not be noted");
        }
    }

    /// None of the claimed digests was fetched.
    async fn failed(
        &self,
        claimer: Claimer<'_>,
        claimed: &[Claimed],
        error: &FetchError,
    ) -> Result<Done, StorageError> {
        let verdict = match error {
            FetchError::Unreachable(_) | FetchError::TimedOut => Verdict::Unreachable,
            FetchError::Refused(_) | FetchError::Malformed(_) => Verdict::Refused,
            FetchError::TooLarge => Verdict::TooLarge,
        };
        let mut misses = verdicts::all(claimed, &verdict);
        let longest = match (claimed.len(), &verdict) {
            // It says nothing of any one of them. The next batch is smaller, and the partner has a pause of its own.
            (2.., _) => Duration::ZERO,
            (_, Verdict::TooLarge) => Duration::MAX,
            _ => SINGLE_WAIT,
        };
        misses.iter_mut().for_each(|miss| miss.retry_in = miss.retry_in.map(|wait| wait.min(longest)));
        self.keyring.store().gossip().missed(claimer, &misses).await?;
        Ok(Done::Failed)
    }
}
