//! What is noted of every operation: its name and how long it took, never what it was asked.

use std::time::{Duration, Instant};

use tracing::Span;
use tracing::field::Empty;

use super::StorageError;
use crate::telemetry::traces::TARGET;
use crate::telemetry::{RequestId, StorageMetrics};

/// From which duration on an operation is logged as slow.
pub const SLOW: Duration = Duration::from_secs(1);
/// The same for operations that read a whole table, which take time in proportion to it.
pub(super) const SLOW_SCAN: Duration = Duration::from_secs(60);

/// Who hears of operations.
#[derive(Clone, Debug)]
pub struct Watch {
    pub metrics: Option<StorageMetrics>,
    /// Operations that take as long are logged.
    pub slow: Duration,
}

impl Default for Watch {
    fn default() -> Self {
        Self { metrics: None, slow: SLOW }
    }
}

/// One operation from its call to its answer, or until nobody waits for it any more.
pub struct Operation<'a> {
    name: &'static str,
    watch: &'a Watch,
    slow: Duration,
    started: Instant,
    span: Span,
    is_done: bool,
}

impl<'a> Operation<'a> {
    pub fn start(name: &'static str, engine: &'static str, watch: &'a Watch, slow: Duration) -> Self {
        Self { name, watch, slow, started: Instant::now(), span: span(name, engine), is_done: false }
    }

    pub fn end<T>(&mut self, result: &Result<T, StorageError>) {
        self.is_done = result.is_ok();
    }
}

impl Drop for Operation<'_> {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        if let Some(metrics) = &self.watch.metrics {
            metrics.operation(self.name, took);
        }
        if took >= self.slow {
            let id = RequestId::current();
            let request_id = id.as_ref().map(RequestId::as_str);
            let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            let (operation, done) = (self.name, self.is_done);
            tracing::warn!(operation, duration_ms, done, request_id, "a slow database operation");
        }
        if !self.is_done {
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

/// Only as a part of something larger: what jobs ask again and again would be traces of one span each.
fn span(name: &'static str, engine: &'static str) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    tracing::info_span!(
        target: TARGET,
        "storage",
        otel.name = name,
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = engine.to_ascii_lowercase().as_str(),
        db.operation.name = name,
    )
}
