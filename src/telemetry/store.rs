//! Metrics of the store, refreshed when they are scraped.

use prometheus::{IntGauge, IntGaugeVec, Opts, Registry};

/// The size and state of the store as of the last scrape.
#[derive(Clone, Debug)]
pub struct StoreMetrics {
    /// At most ten seconds old.
    pub certificates: IntGauge,
    /// At most ten seconds old.
    pub blocked: IntGauge,
    /// Open connections by `state`: `idle` or `in_use`.
    pub connections: IntGaugeVec,
    pub connection_limit: IntGauge,
    /// 1 when the store answered the scrape.
    pub up: IntGauge,
}

impl StoreMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            certificates: IntGauge::new("hockeypuck_certificates", "Stored certificates")?,
            blocked: IntGauge::new("hockeypuck_blocked_certificates", "Fingerprints that are blocked")?,
            connections: IntGaugeVec::new(
                Opts::new("hockeypuck_database_connections", "Open database connections by state"),
                &["state"],
            )?,
            connection_limit: IntGauge::new("hockeypuck_database_connections_limit", "Most database connections")?,
            up: IntGauge::new("hockeypuck_database_up", "1 when the database answered the last scrape")?,
        };
        registry.register(Box::new(metrics.certificates.clone()))?;
        registry.register(Box::new(metrics.blocked.clone()))?;
        registry.register(Box::new(metrics.connections.clone()))?;
        registry.register(Box::new(metrics.connection_limit.clone()))?;
        registry.register(Box::new(metrics.up.clone()))?;
        Ok(metrics)
    }
}
