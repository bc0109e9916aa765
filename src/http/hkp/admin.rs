//! `POST /pks/delete` and `POST /pks/replace`: what administrators ask for with a signature.
//!
//! A form with `keytext`, whose first line is the path and which goes on with armored certificates, and `keysig`, a
//! detached signature of exactly that. Whoever has no good signature learns no more than that.

use std::time::SystemTime;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};

use super::super::{ApiError, AppState, body, reply};
use super::add::report::Report;
use super::add::upload::Encoding;
use super::form;
pub(crate) use super::form::ACCEPTED;
use crate::keyring::admin::{Action, AdminError, Request};

pub(crate) async fn delete(
    state: State<AppState>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, ApiError> {
    administer(Action::Delete, &state.0, &headers, (uri, body)).await
}

pub(crate) async fn replace(
    state: State<AppState>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, ApiError> {
    administer(Action::Replace, &state.0, &headers, (uri, body)).await
}

async fn administer(
    action: Action,
    app: &AppState,
    headers: &HeaderMap,
    (uri, body): (Uri, Body),
) -> Result<Response, ApiError> {
    let encoding = Encoding::of(headers)?;
    let read = body::read(app, headers, body, app.settings().body_octets_limit).await?;
    let (octets, _held) = read.into_parts();
    let names = ["keytext", "keysig"];
    let [text, signature] = form::fields(encoding, octets, uri.query().unwrap_or_default(), names).await?;
    let field = |value: Option<_>, name| {
        value.ok_or_else(|| ApiError::bad_request(format!("the form field {name} is missing")))
    };
    let settings = app.settings();
    let request = Request {
        action,
        text: field(text, "keytext")?,
        signature: field(signature, "keysig")?,
        administrators: &settings.admin_keys,
        now: SystemTime::from((app.now)()),
    };
    let done = app.keyring.administer(request).await?;
    Report::of_administered(&done).json().map(reply::not_stored)
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        let status = match error {
            AdminError::Storage(error) => return error.into(),
            AdminError::Internal => return Self::internal(error),
            AdminError::Contended => return Self::unavailable(error.to_string()),
            AdminError::FirstLine(_) => StatusCode::BAD_REQUEST,
            AdminError::Refused(refusal) => {
                let sentence = "the request has no signature that this server accepts";
                return Self::new(StatusCode::UNPROCESSABLE_ENTITY, sentence).caused_by(refusal);
            }
            AdminError::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            AdminError::Unknown => StatusCode::NOT_FOUND,
            AdminError::Replayed => StatusCode::CONFLICT,
        };
        Self::new(status, error.to_string())
    }
}
