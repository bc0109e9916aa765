//! Blocks what a configuration lists that was read while the server runs.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::Live;
use crate::domain::Fingerprint;
use crate::keyring::Keyring;

/// The pause before another attempt while the database is away.
const PAUSE: Duration = Duration::from_secs(5);

/// Blocks what is not blocked yet of each new `list` until `stop`. What is on it at the beginning is for the caller.
pub async fn block_listed(keyring: Keyring, list: Live<Vec<Fingerprint>>, stop: CancellationToken) {
    let mut changes = list.changes();
    let work = async {
        while changes.changed().await.is_ok() {
            let listed = changes.borrow_and_update().clone();
            while let Err(error) = keyring.block_configured(&listed).await {
                tracing::error!(%error, "what the configuration lists could not be blocked; it is tried again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    stop.run_until_cancelled(work).await;
}
