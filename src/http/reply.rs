//! Building responses.

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};

pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(super) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const ARMOR: HeaderValue = HeaderValue::from_static("application/pgp-keys");
pub(super) const BINARY: HeaderValue = HeaderValue::from_static("application/pgp");

/// No script, no foreign content, no framing.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
/// Search texts are part of addresses and must not reach other sites.
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// A response of status 200.
pub(super) fn of(content_type: HeaderValue, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

pub(super) fn text(body: impl Into<Body>) -> Response {
    of(TEXT, body)
}

/// A page, with what keeps it harmless in a browser.
pub(super) fn page(html: impl Into<Body>) -> Response {
    let mut response = of(HTML, html);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
    response.headers_mut().insert(REFERRER_POLICY, NO_REFERRER);
    response
}

/// Forbids every cache to keep the response.
pub(super) fn not_stored(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}
