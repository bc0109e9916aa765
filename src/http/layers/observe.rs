//! Metrics and one log line per request, without anything that says who asked for whom.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use http_body::Body as _;
use prometheus::IntGauge;

use super::super::AppState;
use super::super::error::Cause;

/// The name of a route in metrics and logs, where it is finer than the path. Rides on the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route(pub &'static str);

impl Route {
    /// The response, with this name.
    pub(crate) fn name(self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pub(super) async fn observe(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let _in_flight = InFlight::enter(&app.metrics.in_flight);
    let started = Instant::now();
    let method = known_method(request.method());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;

    let status = response.status();
    let route = response.extensions().get::<Route>().map(|route| route.0);
    let route = route.or(path.as_ref().map(MatchedPath::as_str)).unwrap_or("unmatched");
    let elapsed = started.elapsed();
    app.metrics.duration.with_label_values(&[method, status.as_str()]).observe(elapsed.as_secs_f64());
    app.metrics.requests.with_label_values(&[route, method, status.as_str()]).inc();
    let octets = response.body().size_hint().lower();
    let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    match response.extensions().get::<Cause>() {
        None => tracing::info!(method, route, status = status.as_u16(), duration_ms, octets, "request"),
        Some(cause) => {
            let cause = cause.0.as_ref();
            tracing::warn!(method, route, status = status.as_u16(), duration_ms, octets, cause, "request failed");
        }
    }
    response
}

/// Clients may send any word as a method, but not make a metric series of it.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// One request in the gauge, also when it is cancelled.
struct InFlight(IntGauge);

impl InFlight {
    fn enter(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
