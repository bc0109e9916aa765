//! `POST /pks/add`: takes certificates and revocations.
//!
//! Answers 200 with what became of each certificate as soon as one could be read, also when it was
//! rejected: clients tell the outcomes apart by the object. Answers 422 when none could be read.

pub(crate) mod report;
pub(crate) mod upload;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};

use super::super::query::Parameters;
use super::super::{ApiError, AppState, body, pages, reply};
use super::options::Options;
use crate::cert::Rejection;
use crate::keyring::{CertificateResult, Outcome, Submission};
use report::Report;
pub(crate) use upload::ACCEPTED;
use upload::Encoding;

pub(crate) async fn add(
    State(app): State<AppState>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, ApiError> {
    let encoding = Encoding::of(&headers)?;
    let read = body::read(&app, &headers, body, app.settings().body_octets_limit).await?;
    let (octets, _held) = read.into_parts();
    let as_json = encoding == Encoding::Raw;
    let upload = upload::read(encoding, octets, uri.query().unwrap_or_default()).await?;
    let options = upload.options.or(Options::read(Parameters::new(uri.query().unwrap_or_default().as_bytes())));

    let submission = app.keyring.submit(upload.keytext).await?;
    if let Some(error) = nothing_read(&submission) {
        return Err(error);
    }
    let report = Report::new(&submission.results);
    let response = if as_json || options.json || options.mr { report.json() } else { pages::submitted(&report) };
    response.map(reply::not_stored)
}

/// A submission without any certificate that could be told from others failed as a whole.
fn nothing_read(submission: &Submission) -> Option<ApiError> {
    let mut reasons = Vec::new();
    for result in &submission.results {
        match result {
            CertificateResult { fingerprint: None, outcome: Outcome::Rejected(reason) } => reasons.push(reason),
            _ => return None,
        }
    }
    match reasons.first() {
        Some(Rejection::Internal) => Some(ApiError::internal("a certificate could not be processed")),
        Some(reason) => Some(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, reason.to_string())),
        None => Some(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, Rejection::NoCertificate.to_string())),
    }
}
