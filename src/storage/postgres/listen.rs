//! Being told of changes that others make.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::Mutex;

use super::CHANGES_CHANNEL;

/// A connection of its own, made when somebody first waits.
pub struct Listen {
    options: PgConnectOptions,
    listener: Mutex<Option<PgListener>>,
}

impl Listen {
    pub fn new(options: PgConnectOptions) -> Self {
        Self { options, listener: Mutex::default() }
    }

    /// Ends with the next notification, or after `limit`.
    pub async fn wait(&self, limit: Duration) {
        let told = async {
            let mut listener = self.listener.lock().await;
            if self.notified(&mut listener).await.is_err() {
                // Whoever waits looks for changes when the time is up.
                *listener = None;
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(limit, told).await;
    }

    /// Cancel safe: what arrives in between stays in the connection.
    async fn notified(&self, listener: &mut Option<PgListener>) -> Result<(), sqlx::Error> {
        if let Some(listener) = listener {
            return listener.recv().await.map(drop);
        }
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(self.options.clone());
        let mut connected = PgListener::connect_with(&pool).await?;
        connected.listen(CHANGES_CHANNEL).await?;
        *listener = Some(connected);
        // Something may have changed before it was listened for.
        Ok(())
    }

    /// Closes the connection.
    pub async fn close(&self) {
        *self.listener.lock().await = None;
    }
}
