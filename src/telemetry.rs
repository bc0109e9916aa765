//! Logs and metrics. One typed struct of metrics per area, all in one registry that is passed in.

mod keyring;
pub mod log;

pub use keyring::KeyringMetrics;
