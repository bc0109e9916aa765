//! Metrics of pushes to keyservers that do not reconcile.

use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};

use super::retain::retain;

/// What became of certificates that targets should have. `target` is one that an operator configured.
#[derive(Clone, Debug)]
pub struct PushMetrics {
    /// Certificates by `target` and `result`.
    certificates: IntCounterVec,
    /// By `target`: failures in a row.
    failures: IntGaugeVec,
}

/// What became of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    Taken,
    /// The target did not want the certificate, which was given up or is tried again.
    Rejected,
    /// The target was not reached or did not do its work; it is tried again.
    Failed,
}

impl PushMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            certificates: IntCounterVec::new(
                Opts::new("hockeypuck_push_certificates_total", "Certificates pushed, by target and result"),
                &["target", "result"],
            )?,
            failures: IntGaugeVec::new(
                Opts::new("hockeypuck_push_failures", "Failures in a row, by target"),
                &["target"],
            )?,
        };
        registry.register(Box::new(metrics.certificates.clone()))?;
        registry.register(Box::new(metrics.failures.clone()))?;
        Ok(metrics)
    }

    pub fn pushed(&self, target: &str, result: Pushed) {
        let result = match result {
            Pushed::Taken => "taken",
            Pushed::Rejected => "rejected",
            Pushed::Failed => "failed",
        };
        self.certificates.with_label_values(&[target, result]).inc();
    }

    /// Forgets the targets of which `keeps` does not want to know any more.
    pub fn retain_targets(&self, keeps: impl Fn(&str) -> bool) {
        retain(&self.certificates, "target", &keeps);
        retain(&self.failures, "target", &keeps);
    }

    pub fn failures(&self, target: &str, in_a_row: u32) {
        self.failures.with_label_values(&[target]).set(in_a_row.into());
    }
}
