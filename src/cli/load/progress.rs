//! How far a load is: a bar on a terminal, elsewhere a line of the log now and then.

use std::io::{self, IsTerminal, Read};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::keyring::load::Totals;

/// How often the log tells how far the load is.
const INTERVAL: Duration = Duration::from_secs(10);
const BAR: &str = "{bar:30} {bytes}/{total_bytes} {eta_precise} {msg}";
const SPINNER: &str = "{spinner} {bytes} {elapsed_precise} {msg}";

pub(super) struct Progress {
    bar: ProgressBar,
    last_line: Mutex<Instant>,
}

impl Progress {
    /// `octets` is the size of all files; 0 when it is not known.
    pub(super) fn new(octets: u64) -> Self {
        let bar = match (io::stderr().is_terminal(), octets) {
            (false, _) => ProgressBar::hidden(),
            (true, 0) => ProgressBar::new_spinner().with_style(style(SPINNER)),
            (true, octets) => ProgressBar::new(octets).with_style(style(BAR)),
        };
        Self { bar, last_line: Mutex::new(Instant::now()) }
    }

    pub(super) fn watch<R: Read>(&self, input: R) -> impl Read + use<R> {
        self.bar.wrap_read(input)
    }

    pub(super) fn show(&self, totals: &Totals) {
        if !self.bar.is_hidden() {
            self.bar.set_message(format!("{} certificates, {} rejected", totals.read, totals.rejected()));
            return;
        }
        let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= INTERVAL {
            *last = Instant::now();
            let Totals { read, inserted, updated, unchanged, .. } = totals;
            tracing::info!(read, inserted, updated, unchanged, rejected = totals.rejected(), "loading");
        }
    }

    /// Writes something without disturbing the bar.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A template with a mistake shows the default bar, which is no reason to stop.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
