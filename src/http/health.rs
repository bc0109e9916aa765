//! `/pks/health`, `/pks/health/live`, `/pks/health/ready`.

use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::Response;
use tokio::sync::Mutex;

use super::{ApiError, AppState, reply};

/// How long one check of the store answers for all who ask, so that asking often costs nothing.
const CHECK_AGE_LIMIT: Duration = Duration::from_secs(1);

/// The last check of the store: when it was made, and what was wrong.
#[derive(Debug, Default)]
pub(super) struct StoreHealth(Mutex<Option<(Instant, Result<(), String>)>>);

/// The process answers.
pub(super) async fn live() -> Response {
    reply::not_stored(reply::text("OK"))
}

/// The process answers, and its store does.
pub(super) async fn ready(State(app): State<AppState>) -> Result<Response, ApiError> {
    let check = tokio::time::timeout(app.settings().health_deadline, check(&app)).await;
    match check {
        Ok(Ok(())) => Ok(live().await),
        Ok(Err(cause)) => Err(not_ready(&cause)),
        Err(_) => Err(not_ready("the check of the database ran into its deadline")),
    }
}

async fn check(app: &AppState) -> Result<(), String> {
    let mut last = app.health.0.lock().await;
    if let Some((_, result)) = last.as_ref().filter(|(at, _)| at.elapsed() < CHECK_AGE_LIMIT) {
        return result.clone();
    }
    let result = app.keyring.store().check().await.map_err(|error| error.to_string());
    *last = Some((Instant::now(), result.clone()));
    result
}

fn not_ready(cause: &str) -> ApiError {
    ApiError::unavailable("the database is not ready").caused_by(cause)
}
