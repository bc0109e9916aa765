//! Being told of changes that others make.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::Mutex;

use super::CHANGES_CHANNEL;
use super::servers::Servers;

/// A connection of its own, made when somebody first waits.
pub struct Listen {
    servers: Servers,
    listener: Mutex<Option<Listener>>,
}

struct Listener {
    listener: PgListener,
    /// The number of the server that it is connected to.
    server: usize,
}

impl Listen {
    pub fn new(servers: Servers) -> Self {
        Self { servers, listener: Mutex::default() }
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
    async fn notified(&self, listener: &mut Option<Listener>) -> Result<(), sqlx::Error> {
        if let Some(listener) = listener.as_mut().filter(|listener| listener.server == self.servers.chosen()) {
            // `None`: the connection was lost; which server to connect to has to be found out again.
            return listener.listener.try_recv().await?.map(drop).ok_or(sqlx::Error::PoolClosed);
        }
        *listener = None;
        if self.servers.are_several() {
            self.servers.find().await?;
        }
        let server = self.servers.chosen();
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(self.servers.options()?);
        let mut connected = PgListener::connect_with(&pool).await?;
        connected.eager_reconnect(false);
        connected.listen(CHANGES_CHANNEL).await?;
        *listener = Some(Listener { listener: connected, server });
        // Something may have changed before it was listened for.
        Ok(())
    }

    /// Closes the connection.
    pub async fn close(&self) {
        *self.listener.lock().await = None;
    }
}
