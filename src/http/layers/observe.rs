//! Metrics and one log line per request, without anything that says who asked for whom.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use http_body::Body as _;

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
    let mut under_way = UnderWay::new(app, &request);
    let response = next.run(request).await;
    under_way.answered(&response);
    response
}

/// One request, from its start to its answer or until its client has gone.
struct UnderWay {
    app: AppState,
    started: Instant,
    method: &'static str,
    path: Option<MatchedPath>,
    answered: bool,
}

impl UnderWay {
    fn new(app: AppState, request: &Request) -> Self {
        app.metrics.in_flight.inc();
        Self {
            app,
            started: Instant::now(),
            method: known_method(request.method()),
            path: request.extensions().get().cloned(),
            answered: false,
        }
    }

    fn path(&self) -> &str {
        self.path.as_ref().map_or("unmatched", MatchedPath::as_str)
    }

    fn duration_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn answered(&mut self, response: &Response) {
        self.answered = true;
        let (method, status) = (self.method, response.status());
        let route = response.extensions().get::<Route>().map_or(self.path(), |route| route.0);
        let seconds = self.started.elapsed().as_secs_f64();
        self.app.metrics.duration.with_label_values(&[method, status.as_str()]).observe(seconds);
        self.app.metrics.requests.with_label_values(&[route, method, status.as_str()]).inc();
        let octets = response.body().size_hint().lower();
        let (status, duration_ms) = (status.as_u16(), self.duration_ms());
        match response.extensions().get::<Cause>() {
            None => tracing::info!(method, route, status, duration_ms, octets, "request"),
            Some(Cause(cause)) => {
                tracing::warn!(method, route, status, duration_ms, octets, %cause, "request failed");
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
            tracing::info!(method, route, duration_ms = self.duration_ms(), "request cancelled");
        }
    }
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
