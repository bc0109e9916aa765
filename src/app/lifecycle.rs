//! Stopping: asked for once softly or hard, and by a task that ends although nobody asked.

use std::collections::HashMap;
use std::fmt::Display;
use std::future::Future;

use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// How a server is told to stop. All clones are one.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Shutdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// Take nothing new, and end what is under way.
    pub fn soft(&self) {
        self.soft.cancel();
    }

    /// End at once.
    pub fn hard(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }

    /// Cancelled when a stop of either kind is asked for.
    pub fn token(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Ends when a stop of either kind is asked for.
    pub async fn requested(&self) {
        self.soft.cancelled().await;
    }

    /// Ends when the hard stop is asked for.
    pub async fn forced(&self) {
        self.hard.cancelled().await;
    }
}

/// The tasks of one server. Dropping them aborts them.
#[derive(Debug, Default)]
pub struct Tasks {
    running: JoinSet<Result<(), String>>,
    names: HashMap<Id, &'static str>,
}

/// A task that ended, and why unless it ended as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub task: &'static str,
    pub failure: Option<String>,
}

impl Tasks {
    /// Starts a task that runs until it is told to stop.
    pub fn spawn<E: Display>(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let handle = self.running.spawn(async move { task.await.map_err(|error| error.to_string()) });
        self.names.insert(handle.id(), name);
    }

    /// The next task that ends; `None` when none is left. Cancel safe.
    pub async fn next(&mut self) -> Option<Ended> {
        let (id, failure) = match self.running.join_next_with_id().await? {
            Ok((id, outcome)) => (id, outcome.err()),
            Err(error) => (error.id(), error.is_panic().then(|| "it panicked".to_owned())),
        };
        Some(Ended { task: self.names.remove(&id).unwrap_or("a task"), failure })
    }

    /// Ends when all tasks have; logs those that failed.
    pub async fn drain(&mut self) {
        while let Some(Ended { task, failure }) = self.next().await {
            if let Some(reason) = failure {
                tracing::error!(task, reason, "a task failed while the server stopped");
            }
        }
    }
}
