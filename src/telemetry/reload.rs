//! Metrics of the configuration.

use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

/// How reading the configuration again went.
#[derive(Clone, Debug)]
pub struct ReloadMetrics {
    reloads: IntCounterVec,
    last: IntGauge,
}

impl ReloadMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            reloads: IntCounterVec::new(
                Opts::new("hockeypuck_config_reloads_total", "Times that the configuration was read again, by result"),
                &["result"],
            )?,
            last: IntGauge::new(
                "hockeypuck_config_last_reload_seconds",
                "When the configuration in use was read, in seconds since 1970",
            )?,
        };
        registry.register(Box::new(metrics.reloads.clone()))?;
        registry.register(Box::new(metrics.last.clone()))?;
        for result in ["ok", "failed"] {
            metrics.reloads.with_label_values(&[result]).inc_by(0);
        }
        Ok(metrics)
    }

    /// A configuration is in use from `now` on, in seconds since 1970.
    pub fn used(&self, now: i64) {
        self.last.set(now);
    }

    pub fn ok(&self, now: i64) {
        self.reloads.with_label_values(&["ok"]).inc();
        self.used(now);
    }

    pub fn failed(&self) {
        self.reloads.with_label_values(&["failed"]).inc();
    }
}
