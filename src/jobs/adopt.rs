//! Takes over the certificates of Hockeypuck's tables, and tells how far that is.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::keyring::Keyring;
use crate::keyring::SubmitError;
use crate::keyring::adopt::{Importer, TurnEnd};
use crate::storage::StorageError;
use crate::storage::adopt::Pass;
use crate::telemetry::AdoptMetrics;

/// How often a unit whose turn it is not asks whether it is.
const TURN_INTERVAL: Duration = Duration::from_secs(1);
/// How often a unit looks how far taking over is, and how often whether it has begun again.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);
const IDLE_INTERVAL: Duration = Duration::from_secs(5);
/// How often the log tells how far it is.
const LOG_INTERVAL: Duration = Duration::from_secs(30);
/// The pause after the store failed.
const FAILURE_PAUSE: Duration = Duration::from_secs(3);

/// Takes over what there is whenever it is this unit's turn, until `stop`.
pub async fn adopt(importer: Importer, stop: CancellationToken) {
    // Whatever is found to have changed since the last pass opens another one.
    let mut is_checked = false;
    while !stop.is_cancelled() {
        let pause = match step(&importer, &mut is_checked, &stop).await {
            Ok(()) => TURN_INTERVAL,
            Err(error) => {
                tracing::warn!(%error, "taking over certificates has to wait");
                FAILURE_PAUSE
            }
        };
        let _ = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

async fn step(importer: &Importer, is_checked: &mut bool, stop: &CancellationToken) -> Result<(), SubmitError> {
    let keyring = &importer.keyring;
    if !keyring.is_adopting() && !*is_checked {
        let Some(found) = stop.run_until_cancelled(keyring.find_changed_rows()).await else { return Ok(()) };
        *is_checked = !found?;
    }
    if keyring.is_adopting() {
        let end = importer.turn(false, stop).await?;
        // Rows may have changed after they were read, by this unit or another one.
        *is_checked = false;
        if end == TurnEnd::Finished {
            keyring.refresh_adoption().await?;
        }
    }
    Ok(())
}

/// Notices what any unit takes over, until `stop`: lookups, metrics and the log go by it.
pub async fn watch_adoption(keyring: Keyring, metrics: AdoptMetrics, stop: CancellationToken) {
    let mut watch = Watch { keyring, metrics, last_line: None };
    let work = async {
        loop {
            let pause = match watch.look().await {
                Ok(true) => WATCH_INTERVAL,
                Ok(false) => IDLE_INTERVAL,
                Err(error) => {
                    tracing::warn!(%error, "how far taking over certificates is cannot be read");
                    FAILURE_PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    };
    let _ = stop.run_until_cancelled(work).await;
}

struct Watch {
    keyring: Keyring,
    metrics: AdoptMetrics,
    /// While a pass is open.
    last_line: Option<Instant>,
}

impl Watch {
    async fn look(&mut self) -> Result<bool, StorageError> {
        let is_adopting = self.keyring.refresh_adoption().await?;
        self.metrics.active.set(is_adopting.into());
        if is_adopting || self.last_line.is_some() {
            let passes = self.keyring.adoption().await?;
            passes.first().inspect(|pass| self.tell(pass));
        }
        if !is_adopting {
            self.last_line = None;
        }
        Ok(is_adopting)
    }

    fn tell(&mut self, pass: &Pass) {
        let (count, tally) = (|count: u64| i64::try_from(count).unwrap_or(i64::MAX), &pass.tally);
        self.metrics.rows.set(count(pass.total));
        for (outcome, rows) in [
            ("imported", tally.inserted),
            ("merged", tally.updated),
            ("unchanged", tally.unchanged),
            ("rejected", tally.rejected),
        ] {
            self.metrics.rows_read.with_label_values(&[outcome]).set(count(rows));
        }
        let is_due = self.last_line.is_none_or(|at| at.elapsed() >= LOG_INTERVAL);
        if pass.is_open() && !is_due {
            return;
        }
        self.last_line = Some(Instant::now());
        let what = match (pass.is_open(), pass.adds_up()) {
            (true, _) => "taking over certificates from Hockeypuck's tables",
            (false, true) => "all certificates of Hockeypuck's tables are taken over",
            (false, false) => "the table changed while certificates were taken over from it",
        };
        tracing::info!(
            rows = pass.total,
            read = tally.read,
            imported = tally.inserted,
            merged = tally.updated,
            unchanged = tally.unchanged,
            rejected = tally.rejected,
            unit = pass.unit,
            "{what}"
        );
    }
}
