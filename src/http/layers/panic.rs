//! What a client gets when a handler panics.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use super::super::ApiError;

/// A fixed sentence; the panic's own text goes to the log.
#[expect(clippy::needless_pass_by_value, reason = "the layer passes it so")]
pub(super) fn respond(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    ApiError::internal(format_args!("a handler panicked: {text}")).into_response()
}
