//! The sets of digests and the log behind them.

use std::time::Duration;

use crate::domain::{Digest, Profile};

/// The digests of all certificates at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestSets {
    /// The sets contain every change up to this position of the log and none after it.
    pub position: i64,
    /// Ascending.
    pub v23: Vec<Digest>,
    /// Ascending.
    pub v24: Vec<Digest>,
}

impl DigestSets {
    /// The digests of `profile`, ascending.
    pub fn of(&self, profile: Profile) -> &[Digest] {
        match profile {
            Profile::V23 => &self.v23,
            Profile::V24 => &self.v24,
        }
    }
}

/// What may leave the log: rows that all units and push targets heard of within `silence` are past, and
/// that are older than `age`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PruneLog {
    pub age: Duration,
    pub silence: Duration,
    /// The most rows that one call deletes.
    pub limit: u32,
}
