//! Metrics of certificates that are taken over from another keyserver's tables.

use prometheus::{IntGauge, IntGaugeVec, Opts, Registry};

/// How far the pass over the tables is, of whichever unit works on it.
#[derive(Clone, Debug)]
pub struct AdoptMetrics {
    /// 1 while there are rows to read.
    pub active: IntGauge,
    /// Rows of the pass.
    pub rows: IntGauge,
    /// Rows that have been read, by `outcome`: `imported`, `merged`, `unchanged`, `rejected`.
    pub rows_read: IntGaugeVec,
}

impl AdoptMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            active: IntGauge::new("hockeypuck_adopt_active", "1 while certificates are taken over")?,
            rows: IntGauge::new("hockeypuck_adopt_rows", "Rows to read in the last pass over Hockeypuck's tables")?,
            rows_read: IntGaugeVec::new(
                Opts::new("hockeypuck_adopt_rows_read", "Rows that the last pass has read, by outcome"),
                &["outcome"],
            )?,
        };
        registry.register(Box::new(metrics.active.clone()))?;
        registry.register(Box::new(metrics.rows.clone()))?;
        registry.register(Box::new(metrics.rows_read.clone()))?;
        Ok(metrics)
    }
}
