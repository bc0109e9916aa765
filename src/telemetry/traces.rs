//! Traces: spans of requests, submissions, statements, sessions and fetches, sent by OTLP over HTTP to whom the
//! operator names. Where nobody is named, nothing of this module runs, and a span costs one comparison.
//!
//! Neither the server nor its clients ever wait for the receiver: spans that do not fit into a queue are dropped
//! and counted, and so are those that it does not take.

mod queue;
mod send;

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::EnvResourceDetector;
use opentelemetry_sdk::trace::{Sampler as SdkSampler, SdkTracerProvider, SpanExporter as _};
use prometheus::{IntCounterVec, Opts, Registry};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Metadata;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;

use queue::Queue;
use send::Sender;

/// The target of every span. No log has it, because no filter of ours begins so.
pub const TARGET: &str = "traces";

/// How long the receiver may take to take a batch.
const SEND_DEADLINE: Duration = Duration::from_secs(10);

/// Where traces go, and which.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// The whole URL.
    pub endpoint: &'a str,
    /// What the receiver knows the server by.
    pub service: &'a str,
    pub version: &'static str,
    pub sampler: Sampler,
}

/// Which traces are sent. All begin here, so there is no parent to ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampler {
    All,
    None,
    /// A part of them, from 0 to 1.
    Ratio(f64),
}

/// Traces cannot be sent as the settings want it.
#[derive(Debug, Error)]
pub enum TracesError {
    #[error("traces cannot be sent: {0}")]
    Exporter(#[from] ExporterBuildError),
    #[error("traces cannot be counted: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// What takes spans in, before anything is sent.
pub struct Traces {
    provider: SdkTracerProvider,
    counts: Counts,
    sender: Sender,
}

/// Sending under way. Dropping it ends it.
pub struct Sending {
    task: JoinSet<()>,
    stop: CancellationToken,
    /// The last clone ends the provider.
    _provider: SdkTracerProvider,
}

/// What became of spans.
#[derive(Clone, Debug)]
struct Counts(IntCounterVec);

impl Traces {
    /// Sends with `client`. More of the standard variables are read by the exporter itself: those of headers and
    /// of attributes of the resource.
    pub fn open(settings: &Settings<'_>, client: reqwest::Client) -> Result<Self, TracesError> {
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(settings.endpoint)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(SEND_DEADLINE)
            // What a receiver does not take is lost: waiting for it would fill the queue.
            .with_retry_policy(RetryPolicy::default().with_max_retries(0))
            .build()?;
        let resource = Resource::builder_empty()
            .with_detector(Box::new(EnvResourceDetector::new()))
            .with_service_name(settings.service.to_owned())
            .with_attribute(KeyValue::new("service.version", settings.version))
            .build();
        exporter.set_resource(&resource);
        let counts = Counts::new()?;
        let (queue, spans) = Queue::new(counts.clone());
        let provider = SdkTracerProvider::builder()
            .with_sampler(settings.sampler.sdk())
            .with_resource(resource)
            .with_span_processor(queue)
            .build();
        let sender = Sender::new(exporter, spans, counts.clone());
        Ok(Self { provider, counts, sender })
    }

    /// The part of the subscriber that makes traces of spans.
    pub fn layer(&self) -> Box<dyn Layer<tracing_subscriber::Registry> + Send + Sync> {
        let is_ours = |metadata: &Metadata<'_>| metadata.is_span() && metadata.target() == TARGET;
        let filter = FilterFn::new(is_ours).with_max_level_hint(tracing::Level::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("hockeypuck"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            // Nobody asks OpenTelemetry's own context for the current span.
            .with_context_activation(false)
            .with_level(false)
            .with_target(false)
            .with_filter(filter)
            .boxed()
    }

    /// Begins to send. Belongs into a runtime.
    pub fn start(self, registry: &Registry) -> prometheus::Result<Sending> {
        registry.register(Box::new(self.counts.0))?;
        let (stop, mut task) = (CancellationToken::new(), JoinSet::new());
        task.spawn(self.sender.run(stop.clone()));
        Ok(Sending { task, stop, _provider: self.provider })
    }
}

impl Sending {
    /// Sends what is left, for at most `limit`.
    pub async fn finish(mut self, limit: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(limit, self.task.join_next()).await.is_err() {
            tracing::warn!("the last traces were not taken in time");
        }
    }
}

impl Sampler {
    fn sdk(self) -> SdkSampler {
        match self {
            Self::All => SdkSampler::AlwaysOn,
            Self::None => SdkSampler::AlwaysOff,
            Self::Ratio(ratio) => SdkSampler::TraceIdRatioBased(ratio),
        }
    }
}

impl Counts {
    fn new() -> prometheus::Result<Self> {
        let spans = IntCounterVec::new(
            Opts::new("hockeypuck_trace_spans_total", "Spans of traces, by what became of them"),
            &["result"],
        )?;
        ["sent", "failed", "dropped"].iter().for_each(|result| drop(spans.with_label_values(&[result])));
        Ok(Self(spans))
    }

    fn sent(&self, count: usize) {
        self.add("sent", count);
    }

    /// The receiver did not take them.
    fn failed(&self, count: usize) {
        self.add("failed", count);
    }

    /// There was no place for them in the queue.
    fn dropped(&self, count: usize) {
        self.add("dropped", count);
    }

    fn add(&self, result: &str, count: usize) {
        self.0.with_label_values(&[result]).inc_by(count.try_into().unwrap_or(u64::MAX));
    }
}
