//! The deadline of a whole request.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::super::{ApiError, AppState};

/// Drops a request that takes too long; whatever it waits for is cancelled with it.
pub(super) async fn keep(State(app): State<AppState>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.settings().request_deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            app.metrics.refuse("request_deadline");
            ApiError::unavailable("the server could not answer in time; please try again").into_response()
        }
    }
}
