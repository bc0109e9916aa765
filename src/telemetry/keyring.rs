//! Metrics of what happens to certificates.

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// Counters of the keyring. The four names without `_total` are Hockeypuck's.
#[derive(Clone, Debug)]
pub struct KeyringMetrics {
    pub added: IntCounter,
    pub updated: IntCounter,
    pub ignored: IntCounter,
    pub removed: IntCounter,
    /// Certificates that were not stored, by reason.
    pub rejected: IntCounterVec,
    /// Certificates that made the parser panic.
    pub panics: IntCounter,
    /// Signed requests by `action`, `delete` or `replace`, and `result`.
    pub admin_requests: IntCounterVec,
}

impl KeyringMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            added: IntCounter::new("hockeypuck_keys_added", "New certificates")?,
            updated: IntCounter::new("hockeypuck_keys_updated", "Certificates that a submission changed")?,
            ignored: IntCounter::new("hockeypuck_keys_ignored", "Submitted certificates with nothing new")?,
            removed: IntCounter::new("hockeypuck_keys_removed", "Deleted certificates")?,
            rejected: IntCounterVec::new(
                Opts::new(
                    "hockeypuck_certificates_rejected_total",
                    "Submitted certificates that were not stored, by reason",
                ),
                &["reason"],
            )?,
            panics: IntCounter::new("hockeypuck_parser_panics_total", "Certificates that made the parser panic")?,
            admin_requests: IntCounterVec::new(
                Opts::new("hockeypuck_admin_requests_total", "Signed requests of administrators, by action and result"),
                &["action", "result"],
            )?,
        };
        for counter in [&metrics.added, &metrics.updated, &metrics.ignored, &metrics.removed, &metrics.panics] {
            registry.register(Box::new(counter.clone()))?;
        }
        registry.register(Box::new(metrics.rejected.clone()))?;
        registry.register(Box::new(metrics.admin_requests.clone()))?;
        Ok(metrics)
    }
}
