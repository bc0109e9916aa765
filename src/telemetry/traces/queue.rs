//! The queue between those who end spans and the one who sends them.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use tokio::sync::mpsc;

use super::Counts;

/// Spans that wait to be sent; more are dropped. As many as other programs of this kind keep.
pub const QUEUE_LIMIT: usize = 2048;

/// Takes ended spans. Never waits.
#[derive(Debug)]
pub struct Queue {
    spans: mpsc::Sender<SpanData>,
    counts: Counts,
}

impl Queue {
    pub fn new(counts: Counts) -> (Self, mpsc::Receiver<SpanData>) {
        let (spans, receiver) = mpsc::channel(QUEUE_LIMIT);
        (Self { spans, counts }, receiver)
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.spans.try_send(span).is_err() {
            self.counts.dropped(1);
        }
    }

    /// Whoever sends does it in its own time.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
