//! Pages for people, with the files that they need. No page has a script.

use askama::Template;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};

use super::conditional::tagged;
use super::hkp::add::report::Report;
use super::{ApiError, reply};

const STYLE: &str = include_str!("../../assets/style.css");
const FAVICON: &[u8] = include_bytes!("../../assets/favicon.ico");
/// Searches are for people, not for crawlers.
const ROBOTS: &str = "User-agent: *\nDisallow: /pks/\n";

/// Files change with the program only.
const KEEP_AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

#[derive(Template)]
#[template(path = "home.html")]
struct Home;

#[derive(Template)]
#[template(path = "submitted.html")]
struct Submitted<'a> {
    report: &'a Report,
}

pub(super) async fn home(headers: HeaderMap) -> Result<Response, ApiError> {
    Ok(tagged(&headers, Home.render().map_err(ApiError::internal)?, reply::page))
}

pub(super) async fn style(headers: HeaderMap) -> Response {
    file(&headers, "text/css; charset=utf-8", STYLE.as_bytes())
}

pub(super) async fn favicon(headers: HeaderMap) -> Response {
    file(&headers, "image/vnd.microsoft.icon", FAVICON)
}

pub(super) async fn robots(headers: HeaderMap) -> Response {
    file(&headers, "text/plain; charset=utf-8", ROBOTS.as_bytes())
}

/// What became of a submission.
pub(super) fn submitted(report: &Report) -> Result<Response, ApiError> {
    Ok(reply::page(Submitted { report }.render().map_err(ApiError::internal)?))
}

fn file(headers: &HeaderMap, content_type: &'static str, content: &'static [u8]) -> Response {
    let mut response = tagged(headers, content, |body| reply::of(HeaderValue::from_static(content_type), body));
    response.headers_mut().insert(CACHE_CONTROL, KEEP_AN_HOUR);
    response
}
