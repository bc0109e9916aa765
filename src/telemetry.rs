//! Logs, metrics and traces. One typed struct of metrics per area, all in one registry that is passed in.

mod http;
mod keyring;
pub mod log;
mod push;
pub mod recon;
mod request_id;
mod storage;
mod store;
pub mod traces;

pub use http::HttpMetrics;
pub use keyring::KeyringMetrics;
pub use push::{PushMetrics, Pushed};
pub use recon::ReconMetrics;
pub use request_id::{RequestId, RequestIds};
pub use storage::StorageMetrics;
pub use store::StoreMetrics;
