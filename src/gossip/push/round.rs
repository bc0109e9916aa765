//! One turn with one target: the log from its position on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::send::Rejection;
use super::{Pushes, Target};
use crate::domain::{Change, Digest, Fingerprint, LegacyForm, Search, Sign};
use crate::keyring::peers::short;
use crate::storage::StorageError;
use crate::storage::gossip::PushState;
use crate::telemetry::Pushed;

/// No certificate is begun after this time; with the deadline of one request it is less than a turn.
const ROUND_LIMIT: Duration = Duration::from_secs(60);
/// Rows of the log that are read at a time.
const ROWS: u32 = 500;
/// How many certificates are sent before the position is written down. After a crash these are sent again.
const SENT_UNWRITTEN: usize = 20;
/// The most certificates among which the one with a primary key is looked for: all that have the key as a subkey.
const SHARED_KEYS: u32 = 100;
/// How often a certificate is sent that the target refuses.
const TRIES: u32 = 3;

/// The turns of this unit with one target.
pub(super) struct Round<'a> {
    pushes: &'a Pushes,
    target: &'a Target,
    name: String,
    /// The certificate that the target refused last, and how often.
    refused: Option<(Fingerprint, u32)>,
}

/// Why a round ends before the log does.
enum Halt {
    /// The rest has to wait for the next turn.
    Time,
    /// What to tell the operator.
    Failed(String),
}

impl<'a> Round<'a> {
    pub(super) fn new(pushes: &'a Pushes, target: &'a Target) -> Self {
        Self { pushes, target, name: target.address.to_string(), refused: None }
    }

    /// Goes on from `state` and answers how far it got.
    pub(super) async fn run(&mut self, mut state: PushState) -> Result<PushState, StorageError> {
        self.skip_pruned(&mut state).await?;
        let is_active = self.is_active().await?;
        let deadline = Instant::now() + ROUND_LIMIT;
        loop {
            let rows = self.pushes.keyring.store().changes(state.position, ROWS).await?;
            let Some(last) = rows.last().map(|row| row.seq) else { return Ok(state) };
            if !is_active {
                // The partner learns of it by reconciling.
                state = PushState { position: last, failures: 0, last_error: None, ..state };
            } else if let Err(halt) = self.send_all(&rows, &mut state, deadline).await? {
                if let Halt::Failed(error) = halt {
                    tracing::warn!(keyserver = self.name, error, "a push failed; it is tried again");
                    state.failures = state.failures.saturating_add(1);
                    state.last_error = Some(short(&error));
                }
                return Ok(state);
            }
            if Instant::now() >= deadline {
                return Ok(state);
            }
        }
    }

    async fn skip_pruned(&self, state: &mut PushState) -> Result<(), StorageError> {
        let floor = self.pushes.keyring.store().gossip().log_floor().await?;
        if floor > state.position {
            let position = state.position;
            tracing::warn!(keyserver = self.name, position, floor, "changes are too old to be pushed and are left out");
            state.position = floor;
        }
        Ok(())
    }

    async fn is_active(&self) -> Result<bool, StorageError> {
        let Some(partner) = &self.target.instead_of else { return Ok(true) };
        let peers = self.pushes.keyring.peers().await?;
        Ok(peers.get(partner).is_some_and(|status| status.is_incompatible))
    }

    /// Sends what the rows are about, each certificate once, and moves the position along.
    async fn send_all(
        &mut self,
        rows: &[Change],
        state: &mut PushState,
        deadline: Instant,
    ) -> Result<Result<(), Halt>, StorageError> {
        let mut done = self.adopted(rows).await?;
        for (row, is_last_of) in with_last(rows) {
            // Sent for its last row: what is stored then has all the others.
            if row.sign == Sign::Plus && is_last_of && done.insert(row.fingerprint) {
                if Instant::now() >= deadline {
                    return Ok(Err(Halt::Time));
                }
                if let Err(error) = self.send(&row.fingerprint, state).await? {
                    return Ok(Err(Halt::Failed(error)));
                }
                if done.len() % SENT_UNWRITTEN == 0 {
                    self.pushes.keyring.store().gossip().put_push_state(&self.name, state).await?;
                }
            }
            state.position = row.seq;
        }
        Ok(Ok(()))
    }

    /// Certificates that came from Hockeypuck's tables and are as it left them: they are no news.
    async fn adopted(&self, rows: &[Change]) -> Result<BTreeSet<Fingerprint>, StorageError> {
        let mut entered = BTreeSet::new();
        for row in rows {
            let change = (row.fingerprint, row.digest.0);
            match row.sign {
                Sign::Plus => entered.insert(change),
                Sign::Minus => entered.remove(&change),
            };
        }
        let fingerprints: BTreeSet<Fingerprint> = entered.iter().map(|(fingerprint, _)| *fingerprint).collect();
        let fingerprints: Vec<Fingerprint> = fingerprints.into_iter().collect();
        let found = self.pushes.keyring.as_adopted(&fingerprints).await?;
        let is_same = |(fingerprint, digest): &(Fingerprint, Digest)| entered.contains(&(*fingerprint, digest.0));
        Ok(found.into_iter().filter(is_same).map(|(fingerprint, _)| fingerprint).collect())
    }

    /// The inner error is a sentence: the certificate has to be sent again.
    async fn send(
        &mut self,
        fingerprint: &Fingerprint,
        state: &mut PushState,
    ) -> Result<Result<(), String>, StorageError> {
        let Some(packets) = self.packets(fingerprint).await? else { return Ok(Ok(())) };
        let sent = self.pushes.sender.send(&self.target.address, packets).await;
        let metrics = &self.pushes.metrics;
        Ok(match sent {
            Ok(()) => {
                metrics.pushed(&self.name, Pushed::Taken);
                let now = (self.pushes.now)().as_millisecond();
                *state = PushState { position: state.position, last_sync: Some(now), failures: 0, last_error: None };
                Ok(())
            }
            Err(Rejection::Certificate(error)) => {
                metrics.pushed(&self.name, Pushed::Rejected);
                self.is_given_up(fingerprint).then_some(()).ok_or(error)
            }
            Err(Rejection::Target(error)) => {
                metrics.pushed(&self.name, Pushed::Failed);
                Err(error)
            }
        })
    }

    /// What the target gets; `None` when the certificate is gone or none of it is for the target.
    async fn packets(&self, fingerprint: &Fingerprint) -> Result<Option<Bytes>, StorageError> {
        let search = Search::Fingerprint(*fingerprint);
        let found = self.pushes.keyring.store().certificates(&search, SHARED_KEYS).await?;
        // A subkey's fingerprint may be that of a primary key.
        let found = found.into_iter().find(|certificate| certificate.fingerprint == *fingerprint);
        Ok(found.and_then(|certificate| match certificate.legacy {
            LegacyForm::Full | LegacyForm::Revocation(_) => Some(certificate.packets),
            LegacyForm::Stripped(packets) => Some(packets),
            LegacyForm::Hidden => None,
        }))
    }

    /// Whether a certificate that was refused once more is not worth another try.
    fn is_given_up(&mut self, fingerprint: &Fingerprint) -> bool {
        let before = self.refused.filter(|(refused, _)| refused == fingerprint).map_or(0, |(_, times)| times);
        let is_given_up = before + 1 >= TRIES;
        self.refused = (!is_given_up).then_some((*fingerprint, before + 1));
        if is_given_up {
            tracing::warn!(keyserver = self.name, ?fingerprint, "the target refuses a certificate, which is left out");
        }
        is_given_up
    }
}

/// Each row, and whether it is the last that adds this certificate.
fn with_last(rows: &[Change]) -> impl Iterator<Item = (&Change, bool)> {
    let added = rows.iter().filter(|row| row.sign == Sign::Plus);
    let last: BTreeMap<Fingerprint, i64> = added.map(|row| (row.fingerprint, row.seq)).collect();
    rows.iter().map(move |row| (row, last.get(&row.fingerprint) == Some(&row.seq)))
}
