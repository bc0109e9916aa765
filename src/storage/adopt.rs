//! Taking over the certificates of a database that Hockeypuck wrote. Its tables are only ever read.
//!
//! A *pass* reads the rows of its table `keys`, one unit at a time. How far it got is in the database, so whoever
//! comes next goes on there. The first pass reads all rows, later ones what changed since.

use std::time::Duration;

use async_trait::async_trait;

use super::StorageError;
use crate::domain::{Digest, Fingerprint, Search};

/// The most octets of a document that is read, as it is stored. What Hockeypuck wrote is far smaller.
pub const DOCUMENT_OCTETS_LIMIT: u64 = 32 << 20;
/// The most passes that [`AdoptionStorage::adoption`] tells of.
pub const PASSES_LIMIT: u32 = 20;
/// The most octets of the detail of a rejected row.
pub const REJECT_DETAIL_OCTETS: usize = 500;

/// What is found at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// There are no tables of Hockeypuck.
    Absent,
    /// There is nothing in its tables that has not been read.
    Read,
    /// A pass is open.
    Open,
}

/// A pass that one unit works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub pass: i64,
    /// Only rows with a later `mtime` are read; a time in PostgreSQL's words.
    pub since: String,
    /// The `rfingerprint` of the last row that was read; empty before the first.
    pub reached: String,
}

/// A row of `keys` without its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The column `rfingerprint`: the digits of the fingerprint in reverse order.
    pub name: String,
    /// The column `md5`: the digest in hexadecimal digits.
    pub md5: String,
    /// Of the document, as it is stored.
    pub octets: u64,
    /// The certificate is stored with this digest already.
    pub is_stored: bool,
}

/// What became of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub read: u64,
    pub inserted: u64,
    /// Merged with what was stored.
    pub updated: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

impl Tally {
    /// Whether every row that was read has an outcome.
    pub fn adds_up(&self) -> bool {
        self.read == self.inserted + self.updated + self.unchanged + self.rejected
    }
}

/// A row that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    pub name: String,
    /// A short, stable word.
    pub reason: &'static str,
    /// A sentence.
    pub detail: String,
}

/// A step of a pass.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    pub pass: i64,
    pub unit: &'a str,
    pub lease: Duration,
    pub reached: &'a str,
    pub tally: Tally,
    pub rejects: &'a [RejectedRow],
}

/// A pass as all units see it. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    pub pass: i64,
    pub started_at: i64,
    pub finished_at: Option<i64>,
    /// Whether it reads only what changed since the one before.
    pub is_partial: bool,
    /// Rows to read; before they are counted, an estimate.
    pub total: u64,
    pub tally: Tally,
    /// The unit that works on it, if one does.
    pub unit: Option<String>,
    /// Rows that this unit has read, and in how many milliseconds.
    pub recent: (u64, u64),
    /// The rejected rows that are noted for this pass, by reason.
    pub rejects: Vec<(String, u64)>,
}

impl Pass {
    pub fn is_open(&self) -> bool {
        self.finished_at.is_none()
    }

    /// Whether every row has an outcome, and every rejected one is noted.
    pub fn adds_up(&self) -> bool {
        let noted = self.rejects.iter().map(|(_, count)| count).sum::<u64>();
        self.tally.adds_up() && noted == self.tally.rejected && (self.is_open() || self.tally.read == self.total)
    }

    /// Rows a second, of the unit that works on it.
    pub fn rate(&self) -> Option<f64> {
        let (rows, milliseconds) = self.recent;
        #[expect(clippy::cast_precision_loss, reason = "a rate is an estimate")]
        (rows > 0 && milliseconds > 0).then(|| rows as f64 * 1000.0 / milliseconds as f64)
    }
}

/// Which rows are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    Matching(&'a Search),
    WithDigests(&'a [Digest]),
}

/// What taking over asks of a database. By default there is nothing to take over.
#[async_trait]
pub trait AdoptionStorage: Send + Sync {
    /// Looks for the tables of Hockeypuck, and opens a pass if they have rows that are newer than the last one that
    /// was read. Tables that may not be read are an error.
    async fn find_foreign(&self) -> Result<Foreign, StorageError> {
        Ok(Foreign::Absent)
    }

    /// Compares the last rows that were read, and those after them, with what they were; opens a pass if they differ.
    /// Answers whether one is open. May read a whole table.
    async fn find_changed(&self) -> Result<bool, StorageError> {
        Ok(false)
    }

    /// Whether a pass is open. Takes a moment.
    async fn is_adopting(&self) -> Result<bool, StorageError> {
        Ok(false)
    }

    /// Makes `unit` the one that works on the open pass, if there is one and nobody else's lease is running, or even
    /// then if `by_force`.
    async fn take_turn(&self, _unit: &str, _lease: Duration, _by_force: bool) -> Result<Option<Turn>, StorageError> {
        Ok(None)
    }

    /// Counts the rows of a pass, unless they have been counted. May read a whole table.
    async fn measure(&self, _pass: i64) -> Result<(), StorageError> {
        Ok(())
    }

    /// Keeps the turn for another lease; answers false when it is another unit's.
    async fn renew(&self, _pass: i64, _unit: &str, _lease: Duration) -> Result<bool, StorageError> {
        Ok(false)
    }

    /// The rows of a pass after `reached`, in their order, at most `limit`.
    async fn rows(&self, _turn: &Turn, _reached: &str, _limit: u32) -> Result<Vec<Row>, StorageError> {
        Ok(Vec::new())
    }

    /// The rows that match and that the open pass has not reached, at most `limit`, in any order. Those whose
    /// certificate is stored are left out.
    async fn unread_rows(&self, _wanted: Wanted<'_>, _limit: u32) -> Result<Vec<Row>, StorageError> {
        Ok(Vec::new())
    }

    /// The documents of rows by their names, in any order; those that are larger than [`DOCUMENT_OCTETS_LIMIT`]
    /// and those that are gone are left out.
    async fn documents(&self, _names: &[&str]) -> Result<Vec<(String, String)>, StorageError> {
        Ok(Vec::new())
    }

    /// Notes how far a pass got and renews the lease; answers false, and notes nothing, when the turn is another
    /// unit's.
    async fn advance(&self, _step: Step<'_>) -> Result<bool, StorageError> {
        Ok(false)
    }

    /// Ends a pass that has reached the last row; answers false when the turn is another unit's.
    async fn finish(&self, _pass: i64, _unit: &str) -> Result<bool, StorageError> {
        Ok(false)
    }

    /// Gives the turn back.
    async fn give_back(&self, _pass: i64, _unit: &str) -> Result<(), StorageError> {
        Ok(())
    }

    /// The last passes, the newest first, at most [`PASSES_LIMIT`].
    async fn adoption(&self) -> Result<Vec<Pass>, StorageError> {
        Ok(Vec::new())
    }

    /// The digests of the rows with these fingerprints, as they are in Hockeypuck's table.
    async fn foreign_digests(&self, _of: &[Fingerprint]) -> Result<Vec<(Fingerprint, Digest)>, StorageError> {
        Ok(Vec::new())
    }
}

/// A store that no other keyserver ever wrote.
#[derive(Debug)]
pub struct NothingToAdopt;

impl AdoptionStorage for NothingToAdopt {}
