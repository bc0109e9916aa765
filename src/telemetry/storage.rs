//! Metrics of what is asked of the store.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, Registry};

/// Upper bounds of the durations, in seconds. Few, because there are some fifty operations.
const BUCKETS: [f64; 6] = [0.001, 0.005, 0.025, 0.1, 1.0, 10.0];

/// How long the operations of the store take. `operation` is the name of a function in the code.
#[derive(Clone, Debug)]
pub struct StorageMetrics {
    operations: HistogramVec,
}

impl StorageMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let operations = HistogramVec::new(
            HistogramOpts::new(
                "hockeypuck_storage_operation_seconds",
                "Time of a database operation with all its attempts and the wait for a connection",
            )
            .buckets(BUCKETS.to_vec()),
            &["operation"],
        )?;
        registry.register(Box::new(operations.clone()))?;
        Ok(Self { operations })
    }

    /// One operation that ended, in whatever way.
    pub fn operation(&self, name: &'static str, took: Duration) {
        self.operations.with_label_values(&[name]).observe(took.as_secs_f64());
    }
}
