//! Writes what was counted to the store, for the statistics of all servers on it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::keyring::Keyring;

/// How much is lost at most when the server is killed.
const INTERVAL: Duration = Duration::from_secs(60);
const SECONDS_OF_HOUR: i64 = 3600;

/// Writes the counts every minute until `stop`. What is counted later is for the caller to write.
pub async fn write_statistics(keyring: Keyring, now: fn() -> Timestamp, stop: CancellationToken) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        write_counts(&keyring, now()).await;
    }
}

/// Writes what was counted since the last time.
pub async fn write_counts(keyring: &Keyring, now: Timestamp) {
    let hour = now.as_second().div_euclid(SECONDS_OF_HOUR) * SECONDS_OF_HOUR;
    if let Err(error) = keyring.write_counts(hour).await {
        tracing::warn!(%error, "the statistics could not be written; they are kept for the next time");
    }
}
