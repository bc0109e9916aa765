//! Metrics, a span and one log line per request, without anything that says who asked for whom.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body::Body as _;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::super::AppState;
use super::super::error::Cause;
use crate::telemetry::RequestId;
use crate::telemetry::traces::TARGET;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
    let id = given_id(request.headers()).unwrap_or_else(|| app.request_ids.next());
    let mut under_way = UnderWay::new(app, &request, id.clone());
    let answering = next.run(request).instrument(under_way.span.clone());
    let mut response = id.scope(answering).await;
    under_way.answered(&response);
    if let Ok(id) = HeaderValue::from_str(under_way.id.as_str()) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

/// That of the client or of a proxy before it: only a name, so that anybody may choose it.
fn given_id(headers: &HeaderMap) -> Option<RequestId> {
    RequestId::parse(headers.get(X_REQUEST_ID)?.as_bytes())
}

/// One request, from its start to its answer or until its client has gone.
struct UnderWay {
    app: AppState,
    id: RequestId,
    span: Span,
    started: Instant,
    method: &'static str,
    path: Option<MatchedPath>,
    answered: bool,
}

impl UnderWay {
    fn new(app: AppState, request: &Request, id: RequestId) -> Self {
        app.metrics.in_flight.inc();
        let method = known_method(request.method());
        let path: Option<MatchedPath> = request.extensions().get().cloned();
        Self {
            app,
            span: span(method, path_of(path.as_ref()), &id),
            id,
            started: Instant::now(),
            method,
            path,
            answered: false,
        }
    }

    fn path(&self) -> &str {
        path_of(self.path.as_ref())
    }

    fn duration_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Tells the span what became of the request.
    fn describe(&self, route: &str, status: StatusCode) {
        self.span.record("http.route", route);
        self.span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            self.span.record("otel.status_code", "ERROR");
        }
    }

    fn answered(&mut self, response: &Response) {
        self.answered = true;
        let (method, status) = (self.method, response.status());
        let route = response.extensions().get::<Route>().map_or(self.path(), |route| route.0);
        let seconds = self.started.elapsed().as_secs_f64();
        self.app.metrics.duration.with_label_values(&[method, status.as_str()]).observe(seconds);
        self.app.metrics.route_duration.with_label_values(&[route]).observe(seconds);
        self.app.metrics.requests.with_label_values(&[route, method, status.as_str()]).inc();
        self.describe(route, status);
        let octets = response.body().size_hint().lower();
        let (status, duration_ms, request_id) = (status.as_u16(), self.duration_ms(), self.id.as_str());
        match response.extensions().get::<Cause>() {
            None => tracing::info!(method, route, status, duration_ms, octets, request_id, "request"),
            Some(Cause(cause)) => {
                tracing::warn!(method, route, status, duration_ms, octets, request_id, %cause, "request failed");
            }
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.app.metrics.in_flight.dec();
        if !self.answered {
            let (method, route) = (self.method, self.path());
            self.app.metrics.requests.with_label_values(&[route, method, "cancelled"]).inc();
            self.span.record("http.route", route);
            let (duration_ms, request_id) = (self.duration_ms(), self.id.as_str());
            tracing::info!(method, route, duration_ms, request_id, "request cancelled");
        }
    }
}

fn path_of(matched: Option<&MatchedPath>) -> &str {
    matched.map_or("unmatched", MatchedPath::as_str)
}

/// The span of a request, whose finer route is known at its end.
fn span(method: &'static str, path: &str, id: &RequestId) -> Span {
    tracing::info_span!(
        target: TARGET,
        "request",
        otel.name = format!("{method} {path}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = Empty,
        http.response.status_code = Empty,
        request_id = id.as_str(),
    )
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
