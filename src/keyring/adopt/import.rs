//! The work of the unit whose turn it is.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio_util::sync::CancellationToken;

use super::rows::{Adopted, chunks};
use crate::keyring::{Keyring, SubmitError};
use crate::storage::StorageError;
use crate::storage::adopt::{RejectedRow, Row, Step, Tally, Turn};

/// How long a unit that was not heard of keeps its turn.
const LEASE: Duration = Duration::from_secs(3);
/// How often it tells that it lives.
const RENEWAL: Duration = Duration::from_millis(800);
/// Rows that are read at a time, without their documents.
const PAGE: u32 = 1024;

/// How much of the machine taking over may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Batches at once.
    pub concurrency: usize,
    /// The pause after a batch, in percent of the time that it took.
    pub rest: u32,
}

impl Pace {
    /// For a server, whose clients come first: at most one core, and two thirds of that.
    pub const SERVING: Self = Self { concurrency: 1, rest: 50 };
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnEnd {
    /// There is nothing to take over, or it is another unit's turn.
    NotOurs,
    /// It was asked to stop, and gave the turn back.
    Stopped,
    /// All rows have been read.
    Finished,
}

/// Takes over row after row.
#[derive(Clone)]
pub struct Importer {
    pub keyring: Keyring,
    /// No other running unit has this name.
    pub unit: String,
    pub pace: Pace,
}

impl Importer {
    /// Works until all rows are read, another unit takes the turn, or `stop`. What was done stays done after an
    /// error, too; whoever comes next goes on there.
    pub async fn turn(&self, by_force: bool, stop: &CancellationToken) -> Result<TurnEnd, SubmitError> {
        let store = self.keyring.store().adoption();
        let taken = stop.run_until_cancelled(store.take_turn(&self.unit, LEASE, by_force)).await;
        let Some(taken) = taken else { return Ok(TurnEnd::Stopped) };
        let Some(turn) = taken? else { return Ok(TurnEnd::NotOurs) };
        let end = tokio::select! {
            end = self.work(&turn, stop) => end,
            // A batch may take long, and so may counting.
            end = self.keep(turn.pass) => end,
        };
        if !matches!(end, Ok(TurnEnd::Finished)) {
            store.give_back(turn.pass, &self.unit).await?;
        }
        end
    }

    async fn work(&self, turn: &Turn, stop: &CancellationToken) -> Result<TurnEnd, SubmitError> {
        let store = self.keyring.store().adoption();
        let Some(measured) = stop.run_until_cancelled(store.measure(turn.pass)).await else {
            return Ok(TurnEnd::Stopped);
        };
        measured?;
        let mut reached = turn.reached.clone();
        loop {
            let page = store.rows(turn, &reached, PAGE).await?;
            let Some(last) = page.last() else {
                let is_finished = store.finish(turn.pass, &self.unit).await?;
                return Ok(if is_finished { TurnEnd::Finished } else { TurnEnd::NotOurs });
            };
            reached.clone_from(&last.name);
            if let Some(end) = self.take_page(turn.pass, &page, stop).await? {
                return Ok(end);
            }
        }
    }

    /// Ends when the turn is another unit's.
    async fn keep(&self, pass: i64) -> Result<TurnEnd, SubmitError> {
        loop {
            tokio::time::sleep(RENEWAL).await;
            if !self.keyring.store().adoption().renew(pass, &self.unit, LEASE).await? {
                return Ok(TurnEnd::NotOurs);
            }
        }
    }

    /// Answers how the turn ended, if it did.
    async fn take_page(
        &self,
        pass: i64,
        page: &[Row],
        stop: &CancellationToken,
    ) -> Result<Option<TurnEnd>, SubmitError> {
        let batch = |rows| async move { (rows, self.keyring.adopt_rows(rows).await) };
        let batches: Vec<_> = chunks(page).into_iter().map(batch).collect();
        let mut batches = futures_util::stream::iter(batches).buffered(self.pace.concurrency.max(1));
        let mut started = Instant::now();
        while let Some((rows, adopted)) = batches.next().await {
            if !self.advance(pass, rows, &adopted?).await? {
                return Ok(Some(TurnEnd::NotOurs));
            }
            let pause = started.elapsed() * self.pace.rest / 100;
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Ok(Some(TurnEnd::Stopped));
            }
            started = Instant::now();
        }
        Ok(None)
    }

    async fn advance(&self, pass: i64, rows: &[Row], adopted: &[Adopted]) -> Result<bool, StorageError> {
        let Some(last) = rows.last() else { return Ok(true) };
        let mut tally = Tally { read: rows.len() as u64, ..Tally::default() };
        let mut rejects: Vec<RejectedRow> = Vec::new();
        for (row, adopted) in rows.iter().zip(adopted) {
            match adopted {
                Adopted::Inserted => tally.inserted += 1,
                Adopted::Updated => tally.updated += 1,
                Adopted::Unchanged => tally.unchanged += 1,
                Adopted::Rejected(rejection) => {
                    tally.rejected += 1;
                    rejects.push(rejection.of_row(&row.name));
                }
            }
        }
        let (unit, lease, reached) = (self.unit.as_str(), LEASE, last.name.as_str());
        self.keyring.store().adoption().advance(Step { pass, unit, lease, reached, tally, rejects: &rejects }).await
    }
}
