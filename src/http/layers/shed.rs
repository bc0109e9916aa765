//! The limit on requests that are worked on at once.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::super::{ApiError, AppState};

/// Refuses a request at once when there are too many: waiting would only add to them.
pub(super) async fn shed(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let Some(_share) = app.requests.take(1) else {
        app.metrics.refuse("requests");
        return ApiError::unavailable("the server is busy; please try again").into_response();
    };
    next.run(request).await
}
