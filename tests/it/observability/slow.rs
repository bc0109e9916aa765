//! Operations of the store are timed, and slow ones told by their names.

use std::time::Duration;

use hockeypuck::domain::Search;
use hockeypuck::storage::{self, StoreLimits, Watch};
use hockeypuck::telemetry::{RequestIds, StorageMetrics};
use prometheus::{Registry, TextEncoder};
use tracing::instrument::WithSubscriber;

use crate::support::log::Log;
use crate::support::postgres::fresh_database;
use crate::support::store::sqlite_url;

/// What is logged and measured of one search by a store that takes operations of `slow` for slow.
async fn watched(url: &str, slow: Duration) -> (String, String) {
    let (log, registry) = (Log::default(), Registry::new());
    let watch = Watch { metrics: Some(StorageMetrics::register(&registry).unwrap()), slow };
    storage::migrate(url).await.unwrap();
    let store = storage::open_watched(url, &StoreLimits::default(), watch).await.unwrap();
    let email = Search::Email("alice@example.org".into());
    let search = RequestIds::new(0).next().scope(store.certificates(&email, 10));
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    search.with_subscriber(subscriber).await.unwrap();
    store.close().await;
    (log.text(), TextEncoder::new().encode_to_string(&registry.gather()).unwrap())
}

/// A slow operation is one line with its name, how long it took and the request that it is a part of, without what
/// was searched for; a quick one is only counted.
#[tokio::test]
async fn slow_operations_are_told() {
    let (sqlite, _directory) = sqlite_url();
    for url in [sqlite, fresh_database().await] {
        let (log, metrics) = watched(&url, Duration::ZERO).await;
        assert_eq!(log.lines().count(), 1, "{log}");
        for part in ["WARN", "operation=\"find::certificates\"", "duration_ms=", "done=true", "request_id=\""] {
            assert!(log.contains(part), "{log}");
        }
        assert!(!log.contains("alice"), "{log}");
        let count = "hockeypuck_storage_operation_seconds_count{operation=\"find::certificates\"} 1";
        assert!(metrics.lines().any(|line| line == count), "{metrics}");
        let (log, _) = watched(&url, Duration::from_secs(60)).await;
        assert_eq!(log, "");
    }
}
