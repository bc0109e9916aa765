//! What Prometheus reads.

use std::io::Write;
use std::process::Stdio;

use axum::body::Body;
use hockeypuck::storage::StorageError;
use http::{Method, Request};

use super::records::record;
use super::scripted::{Failure, failing};
use super::world::{World, send, settings, text};
use crate::support::tools::own_program;

/// Names that monitoring of Hockeypuck already reads; they break the rule that counters end in `_total`.
const INHERITED: [&str; 6] = [
    "hockeypuck_keys_added",
    "hockeypuck_keys_updated",
    "hockeypuck_keys_ignored",
    "hockeypuck_keys_removed",
    "hockeypuck_keys_added_jitter",
    "hockeypuck_keys_removed_jitter",
];

async fn scrape(world: &World) -> String {
    let response = send(&world.metrics_router, Request::get("/metrics").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4");
    text(&response).to_owned()
}

/// Each request is counted under its route and method, and strangers cannot make series.
#[tokio::test]
async fn requests_are_counted() {
    let world = World::holding([record(1, "a <a@b.c>")]).await;
    world.get("/pks/lookup?op=get&search=a@b.c").await;
    world.get("/pks/lookup?op=get&search=x@y.z").await;
    world.get("/pks/lookup").await;
    world.get("/some/thing").await;
    world.call(Method::from_bytes(b"BREW").unwrap(), "/").await;
    let text = scrape(&world).await;
    for line in [
        "hockeypuck_http_requests_total{method=\"GET\",route=\"/pks/lookup?op=get\",status=\"200\"} 1",
        "hockeypuck_http_requests_total{method=\"GET\",route=\"/pks/lookup?op=get\",status=\"404\"} 1",
        "hockeypuck_http_requests_total{method=\"GET\",route=\"/pks/lookup\",status=\"400\"} 1",
        "hockeypuck_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} 1",
        "hockeypuck_http_requests_total{method=\"other\",route=\"/\",status=\"405\"} 1",
        "hockeypuck_http_request_duration_seconds_count{method=\"GET\",status_code=\"404\"} 2",
        "hockeypuck_http_request_duration_seconds_bucket{method=\"GET\",status_code=\"200\",le=\"3600\"} 1",
        "hockeypuck_http_requests_in_flight 0",
        "hockeypuck_certificates 1",
        "hockeypuck_database_up 1",
        "hockeypuck_keys_added 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("BREW") && !text.contains("some/thing"));
    assert!(text.contains("process_start_time_seconds") && text.contains("process_resident_memory_bytes"));
}

/// A store that is away does not take the metrics with it.
#[tokio::test]
async fn metrics_survive_the_store() {
    let world = World::over(failing(Failure::Error(|| StorageError::Busy)), settings());
    assert!(scrape(&world).await.contains("\nhockeypuck_database_up 0\n"));
}

/// The listener has one address.
#[tokio::test]
async fn only_the_metrics_are_there() {
    let world = World::new().await;
    for address in ["/", "/pks/stats", "/metrics/"] {
        let response = send(&world.metrics_router, Request::get(address).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 404);
    }
}

/// Prometheus' own checker finds no fault but the names that are not ours.
#[tokio::test]
async fn promtool_is_content() {
    let world = World::new().await;
    world.get("/").await;
    world.metrics.refuse("requests");
    let text = scrape(&world).await;
    let mut promtool = own_program("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let findings = [output.stdout, output.stderr].concat();
    let findings = String::from_utf8(findings).unwrap();
    let faults: Vec<&str> = findings
        .lines()
        .filter(|line| !INHERITED.iter().any(|name| line.split(' ').next() == Some(name)))
        .filter(|line| !line.is_empty())
        .collect();
    assert!(faults.is_empty(), "{findings}");
    assert!(findings.contains("hockeypuck_keys_added"), "promtool checked nothing: {findings}");
}
