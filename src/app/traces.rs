//! From the configuration to what takes spans in.

use super::StartError;
use crate::config::Config;
use crate::gossip::client::client;
use crate::telemetry::traces::{Settings, Traces};

/// What the configuration wants to be sent; `None` where it names no receiver.
pub fn traces(config: &Config) -> Result<Option<Traces>, StartError> {
    let Some(endpoint) = config.tracing.endpoint.as_deref() else { return Ok(None) };
    let version = env!("CARGO_PKG_VERSION");
    let (service, sampler) = (config.tracing.service_name.as_str(), config.tracing.sampler);
    let settings = Settings { endpoint, service, version, sampler };
    Ok(Some(Traces::open(&settings, client(&format!("hockeypuck/{version}"), None)?)?))
}
