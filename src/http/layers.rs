//! The stack that every request of the HKP listener runs through.

mod deadline;
mod headers;
mod observe;
mod panic;
mod shed;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

pub(super) use observe::Route;

use super::AppState;

/// Wraps all routes, fallbacks included. The first layer is the outermost.
pub(super) fn apply(routes: Router<AppState>, app: &AppState) -> Router<AppState> {
    routes.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(app.clone(), observe::observe))
            .layer(from_fn_with_state(headers::Common::new(&app.settings()), headers::add))
            .layer(CatchPanicLayer::custom(panic::respond))
            .layer(from_fn_with_state(app.clone(), deadline::keep))
            .layer(from_fn_with_state(app.clone(), shed::shed)),
    )
}
