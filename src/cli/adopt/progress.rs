//! How far taking over is: a bar on a terminal, elsewhere a line of the log now and then.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::storage::adopt::Pass;

/// How often the log tells how far it is.
const INTERVAL: Duration = Duration::from_secs(10);
const BAR: &str = "{bar:30} {pos}/{len} {eta_precise} {msg}";

pub(super) struct Progress {
    bar: ProgressBar,
    last_line: Mutex<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        // A template with a mistake shows the default bar, which is no reason to stop.
        let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar =
            if io::stderr().is_terminal() { ProgressBar::new(0).with_style(style) } else { ProgressBar::hidden() };
        Self { bar, last_line: Mutex::new(Instant::now()) }
    }

    pub(super) fn show(&self, pass: &Pass) {
        let tally = &pass.tally;
        if !self.bar.is_hidden() {
            self.bar.set_length(pass.total);
            self.bar.set_position(tally.read);
            self.bar.set_message(format!("{} rejected", tally.rejected));
            return;
        }
        let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= INTERVAL {
            *last = Instant::now();
            tracing::info!(
                rows = pass.total,
                read = tally.read,
                imported = tally.inserted,
                merged = tally.updated,
                unchanged = tally.unchanged,
                rejected = tally.rejected,
                "taking over"
            );
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
