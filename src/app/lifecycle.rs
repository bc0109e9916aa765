//! Stopping: asked for once softly or hard, and by a task that ends although nobody asked.

use std::collections::HashMap;

use tokio::task::{Id, JoinError, JoinSet};
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
    running: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

/// A task that ended, with the words of its panic if that was the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub task: &'static str,
    pub panic: Option<String>,
}

impl Tasks {
    /// Starts a task that runs until it is told to stop.
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.running.spawn(task);
        self.names.insert(handle.id(), name);
    }

    /// The next task that ends; `None` when none is left. Cancel safe.
    pub async fn next(&mut self) -> Option<Ended> {
        let (id, panic) = match self.running.join_next_with_id().await? {
            Ok((id, ())) => (id, None),
            Err(error) => (error.id(), Some(words(error))),
        };
        Some(Ended { task: self.names.remove(&id).unwrap_or("unknown"), panic })
    }

    /// Ends when all tasks have; logs those that panicked.
    pub async fn drain(&mut self) {
        while let Some(Ended { task, panic }) = self.next().await {
            if let Some(words) = panic {
                tracing::error!(task, words, "a task panicked while the server stopped");
            }
        }
    }
}

/// What a panic said.
fn words(error: JoinError) -> String {
    let Ok(payload) = error.try_into_panic() else { return "cancelled".to_owned() };
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no words".to_owned())
}
