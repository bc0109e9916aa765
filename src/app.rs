//! The composition root: one server from one configuration, and its life.
//!
//! Time and the machine's name enter here and nowhere else. Nothing is global, so any number of
//! servers can run in one process.

mod compose;
pub mod lifecycle;
mod machine;
mod reload;
mod sockets;
mod stores;
mod traces;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use prometheus::Registry;
use thiserror::Error;

pub use lifecycle::Shutdown;
pub use machine::{now, unit, user};
pub use reload::{Reloader, needs_restart};
pub use stores::{limits, migrate, open_existing_keyring, open_keyring};
pub use traces::traces;

use crate::config::{Config, Report};
use crate::gossip::{self, index::Index};
use crate::http::TlsError;
use crate::jobs;
use crate::keyring::Keyring;
use crate::storage::StorageError;
use crate::telemetry::ReloadMetrics;
use crate::telemetry::traces::{Sending, Traces, TracesError};
use lifecycle::{Ended, Tasks};
use reload::Hook;

/// How long requests under way may take after a soft stop was asked for.
const DRAIN_LIMIT: Duration = Duration::from_millis(3500);
/// How long tasks may take to notice that the draining is over.
const TASKS_LIMIT: Duration = Duration::from_millis(500);
/// How long the store may take to close, and the last traces to be taken. All three together are less than the five seconds
/// after which supervisors kill.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// Why a server does not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("{purpose} cannot be served at {address}: {cause}")]
    Bind { purpose: &'static str, address: String, cause: io::Error },
    #[error("the store at {url} cannot be used: {cause}")]
    Store { url: String, cause: StorageError },
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("HKP cannot be served over TLS: {0}")]
    Certificate(#[from] TlsError),
    #[error(transparent)]
    Client(#[from] gossip::client::ClientError),
    #[error(transparent)]
    Traces(#[from] TracesError),
}

/// Why a server ended although nobody asked it to.
#[derive(Debug, Error)]
pub enum RunError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the task \"{task}\" ended unexpectedly: {reason}")]
    TaskEnded { task: &'static str, reason: String },
}

/// A server that listens and answers.
pub struct Server {
    hkp: SocketAddr,
    hkps: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
    recon: Option<SocketAddr>,
    index: Option<Index>,
    keyring: Keyring,
    /// The name of this run of the program, which no other one has.
    unit: String,
    shutdown: Shutdown,
    tasks: Tasks,
    hooks: Vec<Hook>,
    reloads: ReloadMetrics,
    registry: Registry,
    sending: Option<Sending>,
}

/// Runs a server until `shutdown` or until one of its tasks dies.
pub async fn run(config: &Config, shutdown: Shutdown) -> Result<(), RunError> {
    Server::start(config, shutdown).await?.finished().await
}

impl Server {
    /// Takes the sockets, brings the store up to date and starts to answer.
    pub async fn start(config: &Config, shutdown: Shutdown) -> Result<Self, StartError> {
        compose::server(config, shutdown).await
    }

    /// The server, which sends these traces until its end.
    pub fn sending(mut self, traces: Option<Traces>) -> Result<Self, StartError> {
        self.sending = traces.map(|traces| traces.start(&self.registry)).transpose()?;
        Ok(self)
    }

    /// Where HKP is served.
    pub fn hkp_address(&self) -> SocketAddr {
        self.hkp
    }

    /// Where HKP is served over TLS.
    pub fn hkps_address(&self) -> Option<SocketAddr> {
        self.hkps
    }

    /// Where metrics are served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Where peers connect to reconcile.
    pub fn recon_address(&self) -> Option<SocketAddr> {
        self.recon
    }

    /// The prefix trees; `None` where this server did not reconcile when it was started.
    pub fn index(&self) -> Option<&Index> {
        self.index.as_ref()
    }

    /// The use cases of the server.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// What takes other configurations over than the one that this server was started with, of which `report` tells.
    /// There is one.
    pub fn reloader(&mut self, config: &Config, report: &Report) -> Reloader {
        Reloader::new(std::mem::take(&mut self.hooks), self.reloads.clone(), config, report)
    }

    /// Waits for the end of the server. Takes less than five seconds after a soft stop was asked for.
    pub async fn finished(mut self) -> Result<(), RunError> {
        let unexpected = tokio::select! {
            // First: tasks that end because of the stop are not unexpected.
            biased;
            () = self.shutdown.requested() => None,
            ended = self.tasks.next() => ended,
        };
        let shutdown = self.shutdown.clone();
        shutdown.soft();
        tokio::select! {
            () = shutdown.forced() => tracing::warn!("stopping at once"),
            () = self.end() => {}
        }
        match unexpected {
            None => Ok(()),
            Some(Ended { task, panic }) => {
                let reason =
                    panic.map_or_else(|| "nobody told it to stop".to_owned(), |words| format!("panic: {words}"));
                Err(RunError::TaskEnded { task, reason })
            }
        }
    }

    /// Ends what is under way, then closes the store and sends the last traces.
    async fn end(&mut self) {
        if tokio::time::timeout(DRAIN_LIMIT + TASKS_LIMIT, self.tasks.drain()).await.is_err() {
            tracing::warn!("some tasks did not end in time and were cut off");
        }
        let closing = async {
            jobs::write_counts(&self.keyring, machine::now()).await;
            self.keyring.store().close().await;
        };
        let closing = async {
            if tokio::time::timeout(CLOSE_LIMIT, closing).await.is_err() {
                tracing::warn!("the store did not close in time; what was answered as stored is stored");
            }
        };
        let sending = self.sending.take();
        let sending = async {
            if let Some(sending) = sending {
                sending.finish(CLOSE_LIMIT).await;
            }
        };
        tokio::join!(closing, sending);
    }
}
