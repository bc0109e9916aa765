//! Metrics of the certificate of the HKP listener.

use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

/// What becomes of the certificate.
#[derive(Clone, Debug)]
pub struct TlsMetrics {
    /// Certificates that were read while the server runs, by `result`: `ok`, `failed`.
    pub reloads: IntCounterVec,
    expiry: IntGauge,
}

impl TlsMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            reloads: IntCounterVec::new(
                Opts::new("hockeypuck_tls_certificate_reloads_total", "Certificates read again, by result"),
                &["result"],
            )?,
            expiry: IntGauge::new(
                "hockeypuck_tls_certificate_expiry_seconds",
                "When the certificate in use ends, in seconds since 1970; 0 when that is not known",
            )?,
        };
        registry.register(Box::new(metrics.reloads.clone()))?;
        registry.register(Box::new(metrics.expiry.clone()))?;
        for result in ["ok", "failed"] {
            metrics.reloads.with_label_values(&[result]).inc_by(0);
        }
        Ok(metrics)
    }

    /// When the certificate in use ends, in seconds since 1970.
    pub fn expires(&self, at: Option<u64>) {
        self.expiry.set(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(0));
    }
}
