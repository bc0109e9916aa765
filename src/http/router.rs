//! Every address of the HKP listener.

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Uri};
use tower::ServiceBuilder;

use super::hkp::{add, admin, hashquery, lookup, stats};
use super::{ApiError, AppState, health, layers, pages, reply};

/// A path, and what it answers to which methods.
type Entry = (&'static str, fn() -> MethodRouter<AppState>);

const TABLE: &[Entry] = &[
    ("/", || reads(pages::home)),
    ("/assets/style.css", || reads(pages::style)),
    ("/favicon.ico", || reads(pages::favicon)),
    ("/robots.txt", || reads(pages::robots)),
    ("/pks/lookup", || reads(lookup::lookup)),
    ("/pks/stats", || reads(stats::stats)),
    ("/pks/health", || reads(health::ready)),
    ("/pks/health/live", || reads(health::live)),
    ("/pks/health/ready", || reads(health::ready)),
    ("/pks/add", || writes(add::add, add::ACCEPTED)),
    ("/pks/delete", || writes(admin::delete, admin::ACCEPTED)),
    ("/pks/replace", || writes(admin::replace, admin::ACCEPTED)),
    ("/pks/hashquery", || writes(hashquery::hashquery, hashquery::ACCEPTED)),
];

/// The HKP listener's service.
pub fn router(app: AppState) -> Router {
    let routes = TABLE.iter().fold(Router::new(), |routes, (path, methods)| routes.route(path, methods()));
    let routes = layers::apply(routes.fallback(unknown), &app).with_state::<()>(app);
    Router::new().fallback_service(ServiceBuilder::new().map_request(with_known_path).service(routes))
}

const READS: &str = "GET, HEAD, OPTIONS";
const WRITES: &str = "POST, OPTIONS";
/// How long a browser may keep the answer to a preflight, in seconds.
const PREFLIGHT_AGE: HeaderValue = HeaderValue::from_static("86400");
const ANY_HEADER: HeaderValue = HeaderValue::from_static("*");

fn reads<H: Handler<T, AppState>, T: 'static>(handler: H) -> MethodRouter<AppState> {
    get(handler)
        .options(async |headers: HeaderMap| options(&headers, READS, None))
        .fallback(async || ApiError::method_not_allowed(READS))
}

fn writes<H: Handler<T, AppState>, T: 'static>(handler: H, accepted: &'static str) -> MethodRouter<AppState> {
    post(handler)
        .options(async move |headers: HeaderMap| options(&headers, WRITES, Some(accepted)))
        .fallback(async || ApiError::method_not_allowed(WRITES))
}

fn options(request: &HeaderMap, methods: &'static str, accepted: Option<&'static str>) -> Response {
    let mut response = Response::default();
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(methods));
    if let Some(accepted) = accepted {
        headers.insert(ACCEPT, HeaderValue::from_static(accepted));
    }
    if request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ANY_HEADER);
        headers.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE);
    }
    reply::not_stored(response)
}

async fn unknown() -> ApiError {
    ApiError::not_found("there is nothing at this address")
}

/// Answers a known address also with doubled slashes, a slash at its end or in another case:
/// many clients do not follow a redirect.
pub(super) fn with_known_path(mut request: Request) -> Request {
    let path = request.uri().path();
    if TABLE.iter().any(|(known, _)| *known == path) {
        return request;
    }
    let canonical = canonical(path);
    let Some((known, _)) = TABLE.iter().find(|(known, _)| *known == canonical) else { return request };
    if let Some(uri) = replace_path(request.uri(), known) {
        *request.uri_mut() = uri;
    }
    request
}

fn canonical(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let joined: String = segments.flat_map(|segment| ["/", segment]).collect();
    if joined.is_empty() { "/".to_owned() } else { joined.to_ascii_lowercase() }
}

fn replace_path(uri: &Uri, path: &str) -> Option<Uri> {
    let text = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}
