//! What is told of the passes over Hockeypuck's tables.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::super::output;
use crate::domain::time::rfc3339;
use crate::storage::adopt::Pass;

/// Taking over as a whole. The fields are part of the interface.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// `none`, `running` or `done`.
    state: &'static str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    last: Option<Line>,
    /// Those before the last one, the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Line>,
}

/// One pass.
#[derive(Debug, Serialize)]
struct Line {
    /// `all` rows, or those that `changed` since the pass before.
    reads: &'static str,
    started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    /// Of the table; an estimate until the rows have been counted.
    rows: u64,
    read: u64,
    imported: u64,
    merged: u64,
    unchanged: u64,
    rejected: u64,
    /// Rejected rows that are noted, by reason.
    reasons: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    adds_up: bool,
}

impl Report {
    /// Of the passes, the newest first.
    pub(super) fn new(passes: &[Pass]) -> Self {
        let state = match passes.first() {
            None => "none",
            Some(pass) if pass.is_open() => "running",
            Some(_) => "done",
        };
        let mut lines = passes.iter().map(Line::new);
        let last = lines.next();
        // What an earlier pass noted, a later one may have noted anew.
        let earlier =
            lines.zip(passes.iter().skip(1)).map(|(line, pass)| Line { adds_up: pass.tally.adds_up(), ..line });
        Self { state, last, earlier: earlier.collect() }
    }

    /// Whether nothing is left to do, and every row has its place.
    pub(super) fn adds_up(&self) -> bool {
        self.state == "none" || (self.state == "done" && self.last.as_ref().is_some_and(|last| last.adds_up))
    }

    pub(super) fn say(&self, is_json: bool) -> anyhow::Result<()> {
        let text = if is_json { serde_json::to_string(self)? } else { self.to_string() };
        Ok(output::say(text)?)
    }
}

impl Line {
    fn new(pass: &Pass) -> Self {
        let time = |seconds: i64| rfc3339(seconds.unsigned_abs()).to_string();
        let tally = &pass.tally;
        let remaining = pass.is_open().then(|| pass.total.saturating_sub(tally.read));
        let rate = pass.rate().filter(|_| pass.is_open() && pass.unit.is_some());
        Self {
            reads: if pass.is_partial { "changed" } else { "all" },
            started_at: time(pass.started_at),
            finished_at: pass.finished_at.map(time),
            rows: pass.total,
            read: tally.read,
            imported: tally.inserted,
            merged: tally.updated,
            unchanged: tally.unchanged,
            rejected: tally.rejected,
            reasons: pass.rejects.iter().cloned().collect(),
            remaining,
            rows_per_second: rate.map(|rate| (rate * 10.0).round() / 10.0),
            remaining_seconds: rate.zip(remaining).map(|(rate, remaining)| seconds(remaining, rate)),
            unit: pass.unit.clone(),
            adds_up: pass.adds_up(),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of a positive number"
)]
fn seconds(rows: u64, rate: f64) -> u64 {
    (rows as f64 / rate).ceil() as u64
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(last) = &self.last else {
            return f.write_str("none: there are no certificates of Hockeypuck to take over");
        };
        write!(f, "{}: {last}", self.state)?;
        self.earlier.iter().try_for_each(|line| write!(f, "\nearlier: {line}"))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, read, imported, merged, unchanged, rejected, .. } = self;
        let changed = if self.reads == "all" { "" } else { "changed " };
        let sign = if self.adds_up { "=" } else { "≠" };
        write!(f, "{read} of {rows} {changed}rows read {sign} {imported} imported + {merged} merged")?;
        write!(f, " + {unchanged} unchanged + {rejected} rejected")?;
        if !self.reasons.is_empty() {
            let reasons: Vec<_> = self.reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            write!(f, " ({})", reasons.join(", "))?;
        }
        match (&self.finished_at, &self.unit) {
            (Some(at), _) => write!(f, "; finished at {at}")?,
            (None, Some(unit)) => write!(f, "; {unit} works on it")?,
            (None, None) => f.write_str("; nobody works on it at the moment")?,
        }
        if let (Some(rate), Some(seconds)) = (self.rows_per_second, self.remaining_seconds) {
            write!(f, ", {rate} rows a second, {seconds} s remaining")?;
        }
        Ok(())
    }
}
