//! The task that sends spans.

use std::time::{Duration, Instant};

use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Counts, SEND_DEADLINE};

/// The most spans that one request to the receiver has.
const BATCH_LIMIT: usize = 512;
/// How long the first span of a batch waits for others.
const BATCH_DELAY: Duration = Duration::from_secs(1);
/// How often failures are logged, however many there are.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(60);

/// Takes spans out of the queue and sends them, one batch after the other.
pub struct Sender {
    exporter: SpanExporter,
    spans: mpsc::Receiver<SpanData>,
    counts: Counts,
    complained: Option<Instant>,
}

impl Sender {
    pub fn new(exporter: SpanExporter, spans: mpsc::Receiver<SpanData>, counts: Counts) -> Self {
        Self { exporter, spans, counts, complained: None }
    }

    /// Works until `stop`, then sends what is left.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut batch = Vec::new();
        loop {
            self.collect(&mut batch, &stop).await;
            if batch.is_empty() {
                return;
            }
            self.send(std::mem::take(&mut batch)).await;
        }
    }

    /// Fills the batch until it is full or old enough; after `stop` only with what is there. Stays empty when
    /// nothing is left and nothing comes.
    async fn collect(&mut self, batch: &mut Vec<SpanData>, stop: &CancellationToken) {
        let filling = async {
            self.spans.recv_many(batch, BATCH_LIMIT).await;
            let more = async {
                while batch.len() < BATCH_LIMIT && self.spans.recv_many(batch, BATCH_LIMIT - batch.len()).await > 0 {}
            };
            // A batch that is not full is as good.
            let _ = tokio::time::timeout(BATCH_DELAY, more).await;
        };
        if stop.run_until_cancelled(filling).await.is_some() {
            return;
        }
        while batch.len() < BATCH_LIMIT
            && let Ok(span) = self.spans.try_recv()
        {
            batch.push(span);
        }
    }

    async fn send(&mut self, batch: Vec<SpanData>) {
        let count = batch.len();
        match tokio::time::timeout(SEND_DEADLINE, self.exporter.export(batch)).await {
            Ok(Ok(())) => self.counts.sent(count),
            Ok(Err(error)) => self.failed(count, &error.to_string()),
            Err(_) => self.failed(count, "no answer in time"),
        }
    }

    fn failed(&mut self, count: usize, error: &str) {
        self.counts.failed(count);
        if self.complained.is_none_or(|at| at.elapsed() >= COMPLAINT_INTERVAL) {
            self.complained = Some(Instant::now());
            tracing::warn!(error, spans = count, "traces were lost: their receiver did not take them");
        }
    }
}
