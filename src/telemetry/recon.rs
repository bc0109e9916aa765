//! Metrics of gossip. The six names that begin with `conflux_` are Hockeypuck's.

use std::time::Duration;

use prometheus::{
    GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::retain::retain;

/// The label of all peers that no operator named: their number has no bound.
pub const OTHER_PEER: &str = "other";

/// Hockeypuck's bounds of session durations, in seconds.
const SESSION_BUCKETS: [f64; 7] = [0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0];
/// Bounds of the durations of fetches, in seconds.
const FETCH_BUCKETS: [f64; 9] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0];

/// Why connections and sessions are refused; all are there from the start.
const REFUSALS: [&str; 5] = ["stranger", "full", "peer_full", "proxy", "deriving"];

/// Who opened a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// This server.
    Client,
    /// The peer.
    Server,
}

/// What happened between this server and a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Initiate,
    Success,
    Failure,
    /// One of the two had no place for the session.
    Busy,
}

/// What happens between this server and others. `peer` is the name of a partner or [`OTHER_PEER`];
/// every other label has a fixed, small set of values.
#[derive(Clone, Debug)]
pub struct ReconMetrics {
    items_recovered: IntCounterVec,
    busy: IntCounterVec,
    duration: HistogramVec,
    event_time: GaugeVec,
    failure: IntCounterVec,
    success: IntCounterVec,
    /// Elements of the tree by `profile`.
    pub tree_elements: IntGaugeVec,
    /// Elements of the tree less digests of the database by `profile`, when both were last counted.
    pub tree_difference: IntGaugeVec,
    /// Rows of the change log that the trees do not have yet.
    pub log_lag: IntGauge,
    /// Digests that wait to be fetched.
    pub queue: IntGauge,
    /// Digests that are not fetched again.
    pub settled: IntGauge,
    unresolved: IntGaugeVec,
    sessions: IntGaugeVec,
    refused: IntCounterVec,
    batches: IntCounterVec,
    fetch_duration: Histogram,
    fetched_octets: IntCounterVec,
    fetched: IntCounterVec,
    /// Offered digests that were not queued because the partner has as many open offers as it may.
    pub offers_left_out: IntCounter,
    /// Rows of the change log that did not fit the trees.
    pub contradictions: IntCounter,
}

/// A session while it is open.
#[derive(Debug)]
pub struct OpenSession(IntGauge);

impl Drop for OpenSession {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl Event {
    fn as_str(self) -> &'static str {
        match self {
            Self::Initiate => "initiate",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Busy => "busy",
        }
    }
}

impl ReconMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self::new()?;
        REFUSALS.iter().for_each(|reason| drop(metrics.refused.with_label_values(&[reason])));
        let counters = [
            &metrics.items_recovered,
            &metrics.busy,
            &metrics.failure,
            &metrics.success,
            &metrics.refused,
            &metrics.batches,
            &metrics.fetched_octets,
            &metrics.fetched,
        ];
        for counter in counters {
            registry.register(Box::new(counter.clone()))?;
        }
        registry.register(Box::new(metrics.offers_left_out.clone()))?;
        registry.register(Box::new(metrics.contradictions.clone()))?;
        for gauge in [&metrics.tree_elements, &metrics.tree_difference, &metrics.unresolved, &metrics.sessions] {
            registry.register(Box::new(gauge.clone()))?;
        }
        for gauge in [&metrics.log_lag, &metrics.queue, &metrics.settled] {
            registry.register(Box::new(gauge.clone()))?;
        }
        registry.register(Box::new(metrics.duration.clone()))?;
        registry.register(Box::new(metrics.event_time.clone()))?;
        registry.register(Box::new(metrics.fetch_duration.clone()))?;
        Ok(metrics)
    }

    fn new() -> prometheus::Result<Self> {
        Ok(Self {
            items_recovered: counter(
                "conflux_reconciliation_items_recovered",
                "Digests that a peer has and we lack",
                &["peer"],
            )?,
            busy: counter("conflux_reconciliation_busy_peer", "Sessions for which one side had no place", &["peer"])?,
            duration: HistogramVec::new(
                HistogramOpts::new("conflux_reconciliation_duration_seconds", "Time of a session")
                    .buckets(SESSION_BUCKETS.to_vec()),
                &["peer", "result"],
            )?,
            event_time: GaugeVec::new(
                Opts::new("conflux_reconciliation_event_time_seconds", "Unix time of the last event"),
                &["peer", "event", "role"],
            )?,
            failure: counter("conflux_reconciliation_failure", "Sessions that failed", &["peer"])?,
            success: counter("conflux_reconciliation_success", "Sessions that succeeded", &["peer"])?,
            tree_elements: gauges("hockeypuck_recon_tree_elements", "Elements of the prefix tree", &["profile"])?,
            tree_difference: gauges(
                "hockeypuck_recon_tree_difference",
                "Elements of the prefix tree less digests of the database",
                &["profile"],
            )?,
            log_lag: IntGauge::new("hockeypuck_recon_log_lag", "Positions of the change log that the trees lack")?,
            queue: IntGauge::new("hockeypuck_recon_recovery_queue", "Digests that wait to be fetched")?,
            settled: IntGauge::new("hockeypuck_recon_settled", "Digests that are not fetched again")?,
            unresolved: gauges(
                "hockeypuck_recon_unresolved",
                "Digests that a partner offers and we do not have, by reason",
                &["peer", "reason"],
            )?,
            sessions: gauges("hockeypuck_recon_sessions", "Open sessions", &["role"])?,
            refused: counter(
                "hockeypuck_recon_refused_total",
                "Connections and sessions refused, by reason",
                &["reason"],
            )?,
            batches: counter(
                "hockeypuck_recon_recovery_batches_total",
                "Requests for certificates",
                &["peer", "result"],
            )?,
            fetch_duration: Histogram::with_opts(
                HistogramOpts::new("hockeypuck_recon_recovery_seconds", "Time of a request for certificates")
                    .buckets(FETCH_BUCKETS.to_vec()),
            )?,
            fetched_octets: counter(
                "hockeypuck_recon_recovery_octets_total",
                "Octets of fetched certificates",
                &["peer"],
            )?,
            fetched: counter(
                "hockeypuck_recon_fetched_total",
                "Digests that a partner was asked for, by what became of them",
                &["peer", "outcome"],
            )?,
            offers_left_out: IntCounter::new(
                "hockeypuck_recon_offers_left_out_total",
                "Offered digests that were not queued because the queue of their partner is full",
            )?,
            contradictions: IntCounter::new(
                "hockeypuck_recon_contradictions_total",
                "Rows of the change log that did not fit the trees, which were then derived again",
            )?,
        })
    }

    /// Counts a session for as long as the answer lives.
    pub fn open_session(&self, role: Role) -> OpenSession {
        let gauge = self.sessions.with_label_values(&[role.as_str()]);
        gauge.inc();
        OpenSession(gauge)
    }

    /// Counts one refusal; `reason` is a fixed word.
    pub fn refuse(&self, reason: &'static str) {
        self.refused.with_label_values(&[reason]).inc();
    }

    /// An event of a session at `now`, in seconds since 1970.
    pub fn event(&self, peer: &str, role: Role, event: Event, now: f64) {
        self.event_time.with_label_values(&[peer, event.as_str(), role.as_str()]).set(now);
        match event {
            Event::Initiate => {}
            Event::Success => self.success.with_label_values(&[peer]).inc(),
            Event::Failure => self.failure.with_label_values(&[peer]).inc(),
            Event::Busy => self.busy.with_label_values(&[peer]).inc(),
        }
    }

    /// How long a session took, and how many digests it found that we lack.
    pub fn session(&self, peer: &str, is_success: bool, took: Duration, learned: usize) {
        let result = if is_success { "success" } else { "failure" };
        self.duration.with_label_values(&[peer, result]).observe(took.as_secs_f64());
        self.items_recovered.with_label_values(&[peer]).inc_by(learned.try_into().unwrap_or(u64::MAX));
    }

    /// One request for certificates; `result` is a fixed word.
    pub fn batch(&self, peer: &str, result: &'static str, took: Duration, octets: u64) {
        self.batches.with_label_values(&[peer, result]).inc();
        self.fetch_duration.observe(took.as_secs_f64());
        self.fetched_octets.with_label_values(&[peer]).inc_by(octets);
    }

    /// What became of digests that a partner was asked for; `outcome` is a fixed word.
    pub fn fetched(&self, peer: &str, outcome: &'static str, count: usize) {
        self.fetched.with_label_values(&[peer, outcome]).inc_by(count.try_into().unwrap_or(u64::MAX));
    }

    /// Forgets the peers of which `keeps` does not want to know any more, but not [`OTHER_PEER`].
    pub fn retain_peers(&self, keeps: impl Fn(&str) -> bool) {
        let keeps = |peer: &str| peer == OTHER_PEER || keeps(peer);
        for counter in [
            &self.items_recovered,
            &self.busy,
            &self.failure,
            &self.success,
            &self.batches,
            &self.fetched_octets,
            &self.fetched,
        ] {
            retain(counter, "peer", keeps);
        }
        retain(&self.duration, "peer", keeps);
        retain(&self.event_time, "peer", keeps);
        retain(&self.unresolved, "peer", keeps);
    }

    /// Replaces the numbers of unresolved digests: partner, reason, number. Reasons are few, fixed words.
    pub fn set_unresolved<'a>(&self, rows: impl IntoIterator<Item = (&'a str, &'a str, u64)>) {
        self.unresolved.reset();
        for (peer, reason, number) in rows {
            self.unresolved.with_label_values(&[peer, reason]).set(number.try_into().unwrap_or(i64::MAX));
        }
    }
}

fn counter(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
    IntCounterVec::new(Opts::new(name, help), labels)
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
    IntGaugeVec::new(Opts::new(name, help), labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::{Encoder, TextEncoder};

    /// Names, labels and bounds are Hockeypuck's, so that its dashboards show what happens here.
    #[test]
    fn dashboards_find_their_names() {
        let registry = Registry::new();
        let metrics = ReconMetrics::register(&registry).unwrap();
        metrics.event("a", Role::Client, Event::Initiate, 1.7e9);
        metrics.event("a", Role::Server, Event::Busy, 1.7e9);
        metrics.event("a", Role::Server, Event::Failure, 1.7e9);
        metrics.event("a", Role::Server, Event::Success, 1.7e9);
        metrics.session("a", true, Duration::from_millis(50), 3);
        let text = encoded(&registry);
        for line in [
            "conflux_reconciliation_items_recovered{peer=\"a\"} 3",
            "conflux_reconciliation_busy_peer{peer=\"a\"} 1",
            "conflux_reconciliation_duration_seconds_bucket{peer=\"a\",result=\"success\",le=\"0.1\"} 1",
            "conflux_reconciliation_duration_seconds_bucket{peer=\"a\",result=\"success\",le=\"1000\"} 1",
            "conflux_reconciliation_event_time_seconds{event=\"initiate\",peer=\"a\",role=\"client\"} 1700000000",
            "conflux_reconciliation_failure{peer=\"a\"} 1",
            "conflux_reconciliation_success{peer=\"a\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    /// Sessions that ended are not counted as open, and reasons that no longer apply disappear.
    #[test]
    fn gauges_go_down() {
        let registry = Registry::new();
        let metrics = ReconMetrics::register(&registry).unwrap();
        let open = metrics.open_session(Role::Server);
        metrics.set_unresolved([("a", "missing", 7)]);
        let text = encoded(&registry);
        assert!(text.contains("hockeypuck_recon_sessions{role=\"server\"} 1"), "{text}");
        assert!(text.contains("hockeypuck_recon_unresolved{peer=\"a\",reason=\"missing\"} 7"), "{text}");
        drop(open);
        metrics.set_unresolved([]);
        let text = encoded(&registry);
        assert!(text.contains("hockeypuck_recon_sessions{role=\"server\"} 0"), "{text}");
        assert!(!text.contains("missing"), "{text}");
    }

    fn encoded(registry: &Registry) -> String {
        let mut octets = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut octets).unwrap();
        String::from_utf8(octets).unwrap()
    }
}
