//! The HTTP listeners: HKP for clients and peers, pages for people, metrics for Prometheus. The
//! only user of axum.
//!
//! A request runs through one stack of layers ([`layers`]), one flat table of routes ([`mod@router`])
//! and one file an endpoint. Answers are built in memory with their exact length, so that nothing
//! is ever chunked.

mod body;
mod budget;
mod caller;
mod conditional;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod hkp;
mod layers;
mod metrics;
mod off_thread;
mod pages;
mod query;
mod reply;
mod router;
mod serve;
mod state;
mod tls;

pub use budget::Budget;
pub use caller::Caller;
pub use error::ApiError;
pub use hkp::index_json;
pub use metrics::{MetricsState, metrics_router};
pub use router::router;
pub use serve::{Listener, ServeLimits, serve};
pub use state::{AppState, HttpSettings};
pub use tls::{LOOK_INTERVAL, Tls, TlsError};
