//! Logs, metrics and traces. One typed struct of metrics per area, all in one registry that is passed in.

mod adopt;
mod http;
mod keyring;
pub mod log;
mod push;
pub mod recon;
mod reload;
mod request_id;
mod retain;
mod storage;
mod store;
mod tls;
pub mod traces;

pub use adopt::AdoptMetrics;
pub use http::HttpMetrics;
pub use keyring::KeyringMetrics;
pub use push::{PushMetrics, Pushed};
pub use recon::ReconMetrics;
pub use reload::ReloadMetrics;
pub use request_id::{RequestId, RequestIds};
pub use storage::StorageMetrics;
pub use store::StoreMetrics;
pub use tls::TlsMetrics;
