//! Metrics of the HTTP listeners.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry};

/// Upper bounds of the request durations in seconds: Hockeypuck's, so that dashboards fit both.
const DURATION_BUCKETS: [f64; 17] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0];

/// Upper bounds of the request durations of each route in seconds: few, because routes are many.
const ROUTE_BUCKETS: [f64; 6] = [0.005, 0.025, 0.1, 0.5, 2.5, 10.0];
/// Every limit on requests and connections. All are there from the start: a series that begins with its first
/// refusal hides it from a rate.
const REFUSALS: [&str; 8] = [
    "connections",
    "tls_handshake",
    "first_request",
    "requests",
    "request_deadline",
    "body_size",
    "body_deadline",
    "body_memory",
];

/// What happens on the HTTP listeners. Every label has a fixed, small set of values.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    /// Hockeypuck's histogram: `method`, `status_code`.
    pub duration: HistogramVec,
    /// The same by `route`.
    pub route_duration: HistogramVec,
    /// Requests by `route`, `method` and `status`.
    pub requests: IntCounterVec,
    pub in_flight: IntGauge,
    pub connections: IntGauge,
    /// Requests and connections that a limit refused, by `reason`.
    pub refused: IntCounterVec,
}

impl HttpMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            duration: HistogramVec::new(
                HistogramOpts::new(
                    "hockeypuck_http_request_duration_seconds",
                    "Time to answer a request, by method and status code",
                )
                .buckets(DURATION_BUCKETS.to_vec()),
                &["method", "status_code"],
            )?,
            route_duration: HistogramVec::new(
                HistogramOpts::new("hockeypuck_http_route_duration_seconds", "Time to answer a request, by route")
                    .buckets(ROUTE_BUCKETS.to_vec()),
                &["route"],
            )?,
            requests: IntCounterVec::new(
                Opts::new("hockeypuck_http_requests_total", "Requests by route, method and status"),
                &["route", "method", "status"],
            )?,
            in_flight: IntGauge::new("hockeypuck_http_requests_in_flight", "Requests that are being worked on")?,
            connections: IntGauge::new("hockeypuck_http_connections", "Open connections")?,
            refused: IntCounterVec::new(
                Opts::new("hockeypuck_http_refused_total", "Requests and connections that a limit refused, by reason"),
                &["reason"],
            )?,
        };
        REFUSALS.iter().for_each(|reason| drop(metrics.refused.with_label_values(&[reason])));
        registry.register(Box::new(metrics.duration.clone()))?;
        registry.register(Box::new(metrics.route_duration.clone()))?;
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.in_flight.clone()))?;
        registry.register(Box::new(metrics.connections.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        Ok(metrics)
    }

    /// Counts one refusal; `reason` is a fixed word.
    pub fn refuse(&self, reason: &'static str) {
        self.refused.with_label_values(&[reason]).inc();
    }
}
