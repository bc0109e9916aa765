//! The metrics listener.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, Uri};
use prometheus::{Registry, TEXT_FORMAT, TextEncoder};

use super::{ApiError, reply};
use crate::keyring::Keyring;
use crate::storage::StorageError;
use crate::telemetry::StoreMetrics;

/// How long a scrape waits for the store before it answers without fresh numbers.
const STORE_DEADLINE: Duration = Duration::from_secs(2);

/// What a scrape needs.
#[derive(Clone)]
pub struct MetricsState {
    pub registry: Registry,
    pub keyring: Keyring,
    pub store: StoreMetrics,
    /// The one path that is answered, for example `/metrics`.
    pub path: String,
}

/// The metrics listener's service. Has its own listener, because metrics are not for strangers.
pub fn metrics_router(state: MetricsState) -> Router {
    Router::new().fallback(scrape).with_state(state)
}

async fn scrape(State(state): State<MetricsState>, uri: Uri) -> Result<Response, ApiError> {
    if uri.path() != state.path {
        return Err(ApiError::not_found(format!("the metrics are at {}", state.path)));
    }
    refresh(&state).await;
    let text = TextEncoder::new().encode_to_string(&state.registry.gather()).map_err(ApiError::internal)?;
    Ok(reply::of(HeaderValue::from_static(TEXT_FORMAT), text))
}

/// Reads what nobody counts: the size of the store and the state of its connections.
async fn refresh(state: &MetricsState) {
    let pool = state.keyring.store().pool();
    state.store.connections.with_label_values(&["idle"]).set(pool.idle.into());
    state.store.connections.with_label_values(&["in_use"]).set(pool.in_use.into());
    state.store.connection_limit.set(pool.limit.into());
    let counts = async { Ok::<_, StorageError>((state.keyring.total().await?, state.keyring.blocked_total().await?)) };
    match tokio::time::timeout(STORE_DEADLINE, counts).await {
        Ok(Ok((total, blocked))) => {
            state.store.certificates.set(i64::try_from(total).unwrap_or(i64::MAX));
            state.store.blocked.set(i64::try_from(blocked).unwrap_or(i64::MAX));
            state.store.up.set(1);
        }
        Ok(Err(_)) | Err(_) => state.store.up.set(0),
    }
}
