//! What strangers' text and octets are read with before any certificate is, for the fuzz targets: no
//! interface to build on.

use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use super::hkp::add::upload::{self, Encoding};
use super::hkp::hashquery;
use super::hkp::lookup::Lookup;
use super::query::{self, Parameters};
use super::{ApiError, HttpSettings, router};
use crate::domain::search::TextSearch;
use crate::domain::{Digest, Search};

/// An address as the router takes it.
pub fn known_address(uri: Uri) -> Uri {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    router::with_known_path(request).uri().clone()
}

/// The decoded values of all parameters of that name, of a query string or a form.
pub fn parameters(text: &[u8], name: &str) -> Vec<Vec<u8>> {
    Parameters::new(text).raw(name).map(|value| query::decode(value).into_owned()).collect()
}

/// What `/pks/lookup` looks for, in this order, or the status of its answer.
pub fn searches(query: &[u8], text_search: Option<TextSearch>) -> Result<Vec<Search>, StatusCode> {
    let settings = HttpSettings { text_search, ..HttpSettings::default() };
    Lookup::read(Parameters::new(query)).and_then(|lookup| lookup.searches(&settings)).map_err(status)
}

/// The key text of a submission, or the status of the answer.
pub async fn keytext(content_type: Option<HeaderValue>, body: Bytes, query: &str) -> Result<Bytes, StatusCode> {
    let headers: HeaderMap = content_type.into_iter().map(|value| (CONTENT_TYPE, value)).collect();
    let encoding = Encoding::of(&headers).map_err(status)?;
    Ok(upload::read(encoding, body, query).await.map_err(status)?.keytext)
}

/// The digests of a hash query, or the status of its answer.
pub fn digests(request: &[u8]) -> Result<Vec<Digest>, StatusCode> {
    hashquery::read_digests(request).map_err(status)
}

/// The answer to a hash query.
pub fn digests_answer(found: Vec<Bytes>) -> Result<Vec<u8>, StatusCode> {
    Ok(hashquery::answer_pieces(found).map_err(status)?.concat())
}

fn status(error: ApiError) -> StatusCode {
    error.into_response().status()
}
