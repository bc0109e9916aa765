//! Logs and metrics. One typed struct of metrics per area, all in one registry that is passed in.

mod http;
mod keyring;
pub mod log;
mod push;
pub mod recon;
mod reload;
mod retain;
mod store;
mod tls;

pub use http::HttpMetrics;
pub use keyring::KeyringMetrics;
pub use push::{PushMetrics, Pushed};
pub use recon::ReconMetrics;
pub use reload::ReloadMetrics;
pub use store::StoreMetrics;
pub use tls::TlsMetrics;
