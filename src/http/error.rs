//! Errors as clients see them: a status and one clear sentence. The cause goes to the log only.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, ALLOW, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use super::reply;
use crate::cert::DecodeError;
use crate::domain::search::SearchError;
use crate::keyring::{LookupError, SubmitError};
use crate::storage::StorageError;
use crate::telemetry::RequestId;

/// When a client may try again after a passing failure.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// A failed request.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    sentence: Cow<'static, str>,
    allow: Option<&'static str>,
    accept: Option<&'static str>,
    cause: Option<Cause>,
}

/// Why a request failed, for the log; rides on the response as an extension.
#[derive(Clone, Debug)]
pub(super) struct Cause(pub Arc<str>);

impl ApiError {
    /// An answer of `status` with one sentence, which gets its full stop here.
    pub fn new(status: StatusCode, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { status, sentence: sentence.into(), allow: None, accept: None, cause: None }
    }

    pub fn bad_request(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, sentence)
    }

    pub fn not_found(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, sentence)
    }

    /// Overload, or a failure that will pass: the client may try again in a few seconds.
    pub fn unavailable(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, sentence)
    }

    /// A fault of the server; clients learn no more than that.
    pub fn internal(cause: impl Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server could not process the request").caused_by(cause)
    }

    pub fn method_not_allowed(allow: &'static str) -> Self {
        let sentence = format!("this address answers the methods {allow} only");
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, sentence) }
    }

    pub fn unsupported_media_type(accept: &'static str) -> Self {
        let sentence = format!("the content type must be one of {accept}");
        Self { accept: Some(accept), ..Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence) }
    }

    /// Notes the cause for the log.
    pub(super) fn caused_by(mut self, cause: impl Display) -> Self {
        self.cause = Some(Cause(cause.to_string().into()));
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut text = format!("{}.\n", capitalised(&self.sentence));
        if self.status == StatusCode::INTERNAL_SERVER_ERROR
            && let Some(id) = RequestId::current()
        {
            text.push_str(&format!("If you report this, please tell that it was request {}.\n", id.as_str()));
        }
        let mut response = reply::text(text);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(accept) = self.accept {
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

fn capitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        let status = match error {
            SearchError::Empty | SearchError::TooManyKeywords => StatusCode::BAD_REQUEST,
            SearchError::TooLong => StatusCode::URI_TOO_LONG,
            SearchError::NotAKeyName | SearchError::NotExact | SearchError::NoKeyword => StatusCode::NOT_FOUND,
        };
        Self::new(status, error.to_string())
    }
}

impl From<LookupError> for ApiError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::TooMany(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
            LookupError::Storage(error) => error.into(),
        }
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        if error.is_transient() {
            return Self::unavailable("the database is busy or not reachable; please try again").caused_by(error);
        }
        Self::internal(error)
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Decode(error) => error.into(),
            SubmitError::Contended => Self::unavailable(error.to_string()),
            SubmitError::Storage(error) => error.into(),
        }
    }
}

impl From<DecodeError> for ApiError {
    fn from(error: DecodeError) -> Self {
        let status = match error {
            DecodeError::NoArmor => StatusCode::BAD_REQUEST,
            DecodeError::Damaged { .. } | DecodeError::TooMany => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string())
    }
}
