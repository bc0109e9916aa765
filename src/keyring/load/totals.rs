//! The account of a load.

use std::collections::BTreeMap;
use std::fmt;

use super::Stored;
use crate::keyring::Outcome;

/// How many certificates there were, and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub read: u64,
    pub inserted: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// By the label of the reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

impl Totals {
    pub fn add(&mut self, stored: &Stored) {
        self.read += stored.read as u64;
        for result in &stored.results {
            match &result.outcome {
                Outcome::Inserted => self.inserted += 1,
                Outcome::Updated => self.updated += 1,
                Outcome::Unchanged => self.unchanged += 1,
                Outcome::Rejected(reason) => *self.rejected.entry(reason.label()).or_default() += 1,
            }
        }
    }

    pub fn rejected(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Whether every certificate that was read has an outcome.
    pub fn adds_up(&self) -> bool {
        self.read == self.inserted + self.updated + self.unchanged + self.rejected()
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read, inserted, updated, unchanged, .. } = self;
        let sign = if self.adds_up() { "=" } else { "≠" };
        write!(f, "{read} read {sign} {inserted} inserted + {updated} updated + {unchanged} unchanged")?;
        write!(f, " + {} rejected", self.rejected())?;
        let reasons: Vec<String> = self.rejected.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        if !reasons.is_empty() {
            write!(f, " ({})", reasons.join(", "))?;
        }
        Ok(())
    }
}
