//! A server over its own SQLite file, driven without sockets, on a clock that stands still.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use hockeypuck::domain::Record;
use hockeypuck::domain::search::TextSearch;
use hockeypuck::http::{AppState, HttpSettings, MetricsState, metrics_router, router};
use hockeypuck::keyring::{Keyring, Settings};
use hockeypuck::storage::{self, Put, PutOutcome, Store, StoreLimits};
use hockeypuck::telemetry::{HttpMetrics, KeyringMetrics, StoreMetrics};
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use jiff::Timestamp;
use prometheus::Registry;
use prometheus::process_collector::ProcessCollector;
use tempfile::TempDir;
use tower::ServiceExt;

/// What the server takes for the present.
pub(super) fn now() -> Timestamp {
    "2026-11-22T12:34:56Z".parse().unwrap()
}

pub(super) fn settings() -> HttpSettings {
    HttpSettings {
        version: "9.9".into(),
        hostname: "keys.example.org".into(),
        nodename: "unit-0".into(),
        contact: "0123456789ABCDEF0123456789ABCDEF01234567".into(),
        text_search: Some(TextSearch::Keywords),
        ..HttpSettings::default()
    }
}

pub(super) struct World {
    pub(super) router: Router,
    pub(super) metrics_router: Router,
    pub(super) metrics: HttpMetrics,
    pub(super) keyring: Keyring,
    pub(super) store: Store,
    directory: Option<TempDir>,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with_settings(settings()).await
    }

    pub(super) async fn with_settings(settings: HttpSettings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = url_in(&directory);
        storage::migrate(&url).await.unwrap();
        let store = storage::open(&url, &StoreLimits::default()).await.unwrap();
        Self { directory: Some(directory), ..Self::over(store, settings) }
    }

    /// A server over any store.
    pub(super) fn over(store: Store, settings: HttpSettings) -> Self {
        let registry = Registry::new();
        let keyring_metrics = KeyringMetrics::register(&registry).unwrap();
        let metrics = HttpMetrics::register(&registry).unwrap();
        let keyring = Keyring::new(Arc::clone(&store), Settings::default(), keyring_metrics);
        let app = AppState::new(keyring.clone(), settings, metrics.clone(), now);
        let store_metrics = StoreMetrics::register(&registry).unwrap();
        registry.register(Box::new(ProcessCollector::for_self())).unwrap();
        let scrape = MetricsState { registry, keyring: keyring.clone(), store: store_metrics, path: "/metrics".into() };
        let metrics_router = metrics_router(scrape);
        Self { router: router(app), metrics_router, metrics, keyring, store, directory: None }
    }

    /// A server with these certificates.
    pub(super) async fn holding(records: impl IntoIterator<Item = Record>) -> Self {
        let world = Self::new().await;
        world.put(records).await;
        world
    }

    pub(super) async fn put(&self, records: impl IntoIterator<Item = Record>) {
        let puts: Vec<Put> = records.into_iter().map(|record| Put { record, base: None }).collect();
        let outcomes = self.store.put(&puts).await.unwrap();
        assert!(outcomes.iter().all(|outcome| *outcome == PutOutcome::Inserted), "{outcomes:?}");
    }

    /// Of the server's own store.
    pub(super) fn url(&self) -> String {
        url_in(self.directory.as_ref().unwrap())
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Response<Bytes> {
        send(&self.router, request).await
    }

    pub(super) async fn get(&self, address: &str) -> Response<Bytes> {
        self.call(Method::GET, address).await
    }

    pub(super) async fn call(&self, method: Method, address: &str) -> Response<Bytes> {
        self.send(Request::builder().method(method).uri(address).body(Body::empty()).unwrap()).await
    }

    pub(super) async fn post(&self, address: &str, content_type: &str, body: impl Into<Body>) -> Response<Bytes> {
        let request = Request::post(address).header("content-type", content_type);
        self.send(request.body(body.into()).unwrap()).await
    }
}

fn url_in(directory: &TempDir) -> String {
    format!("sqlite:{}", directory.path().join("store.db").display())
}

pub(super) async fn send(router: &Router, request: Request<Body>) -> Response<Bytes> {
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

pub(super) fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

/// Everything of a response but the headers that all responses have, which one test looks at.
pub(super) fn shown(response: &Response<Bytes>) -> String {
    const COMMON: [&str; 5] = [
        "access-control-allow-origin",
        "access-control-expose-headers",
        "server",
        "x-content-type-options",
        "x-request-id",
    ];
    let mut text = format!("{}\n", response.status());
    let mut headers: Vec<_> = response.headers().iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers.into_iter().filter(|(name, _)| !COMMON.contains(&name.as_str())) {
        writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    let body = std::str::from_utf8(response.body()).map_or_else(|_| hex::encode(response.body()), str::to_owned);
    format!("{text}\n{body}")
}
