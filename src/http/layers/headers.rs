//! Headers that every response has.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, SERVER, X_CONTENT_TYPE_OPTIONS,
};

use super::super::HttpSettings;

/// Certificates are public: scripts of every site may read every answer.
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const EXPOSED: HeaderValue = HeaderValue::from_static("Content-Disposition, ETag, Retry-After, X-Request-Id");
/// Caches may keep answers, but ask whether they changed.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Headers that depend on the settings.
#[derive(Clone)]
pub(super) struct Common {
    server: Option<HeaderValue>,
}

impl Common {
    pub(super) fn new(settings: &HttpSettings) -> Self {
        Self { server: HeaderValue::try_from(format!("{}/{}", settings.software, settings.version)).ok() }
    }
}

pub(super) async fn add(State(common): State<Common>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    headers.entry(CACHE_CONTROL).or_insert(REVALIDATE);
    if let Some(server) = common.server {
        headers.insert(SERVER, server);
    }
    response
}
