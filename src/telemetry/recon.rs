//! temporary
use prometheus::*;
use std::time::Duration;
#[derive(Clone, Debug)]
pub struct ReconMetrics {
    pub changes_applied: IntCounter,
    pub contradictions: IntCounter,
    pub offers_left_out: IntCounter,
    pub tree_size: IntGaugeVec,
    pub log_position: IntGauge,
    pub fetch_seconds: HistogramVec,
    pub fetched_octets: IntCounterVec,
    pub recovered: IntCounterVec,
    pub refused: IntCounterVec,
}
impl ReconMetrics {
    pub fn register(_r: &Registry) -> Result<Self> {
        Ok(Self { changes_applied: IntCounter::new("a", "a")?, contradictions: IntCounter::new("a", "a")?, offers_left_out: IntCounter::new("a", "a")?,
          tree_size: IntGaugeVec::new(Opts::new("a","a"), &["profile"])?, log_position: IntGauge::new("a", "a")?,
          fetch_seconds: HistogramVec::new(HistogramOpts::new("a", "a"), &["peer"])?,
          fetched_octets: IntCounterVec::new(Opts::new("a","a"), &["peer"])?, recovered: IntCounterVec::new(Opts::new("a","a"), &["peer", "verdict"])?, refused: IntCounterVec::new(Opts::new("a","a"), &["reason"])? })
    }
    pub fn initiated(&self, _: &str) {}
    pub fn succeeded(&self, _: &str, _: &str, _: Duration) {}
    pub fn failed(&self, _: &str, _: &str, _: Duration) {}
}
