//! From the configuration to an open, migrated store and its use cases.

use prometheus::Registry;

use super::StartError;
use crate::config::Config;
use crate::keyring::{self, Keyring};
use crate::storage::{self, Store, StoreLimits, Watch};
use crate::telemetry::{KeyringMetrics, StorageMetrics};
use crate::{cert, config};

/// Brings the schema and the blocklist up to date, after which any number of servers can use the store.
pub async fn migrate(config: &Config) -> Result<(), StartError> {
    let keyring = open_keyring(config, &Registry::new()).await?;
    keyring.store().close().await;
    Ok(())
}

/// The use cases over the configured store. Migrates it first, takes over what the charm's older image has blocked, and
/// finds out whether Hockeypuck left certificates in it.
pub async fn open_keyring(config: &Config, registry: &Registry) -> Result<Keyring, StartError> {
    let unusable = |cause| unusable(&config.store, cause);
    storage::migrate(config.store.url.expose()).await.map_err(unusable)?;
    let store = open(&config.store, registry).await?;
    let keyring = Keyring::new(store, settings(config), KeyringMetrics::register(registry)?);
    keyring.take_over_deleted_keys().await.map_err(unusable)?;
    keyring.prepare_adoption().await.map_err(unusable)?;
    Ok(keyring)
}

/// As [`open_keyring`], for commands that only read: an old schema or missing database is an error.
pub async fn open_existing_keyring(config: &Config, registry: &Registry) -> Result<Keyring, StartError> {
    let store = open(&config.store, registry).await?;
    store.check().await.map_err(|cause| unusable(&config.store, cause))?;
    let keyring = Keyring::new(store, settings(config), KeyringMetrics::register(registry)?);
    keyring.refresh_adoption().await.map_err(|cause| unusable(&config.store, cause))?;
    Ok(keyring)
}

async fn open(store: &config::Store, registry: &Registry) -> Result<Store, StartError> {
    let watch = Watch { metrics: Some(StorageMetrics::register(registry)?), ..Watch::default() };
    let limits = StoreLimits {
        connections: store.max_connections,
        acquire_timeout: store.acquire_timeout,
        statement_timeout: store.statement_timeout,
    };
    storage::open_watched(store.url.expose(), &limits, watch).await.map_err(|cause| unusable(store, cause))
}

/// What the configuration means to the use cases.
pub(super) fn settings(config: &Config) -> keyring::Settings {
    keyring::Settings {
        limits: limits(&config.openpgp),
        result_limit: config.store.request_query_limit,
        response_octets_limit: config.site.max_response_len.unwrap_or(u64::MAX),
        ..keyring::Settings::default()
    }
}

/// What the configuration means to the reader of certificates, for which 0 is no limit.
pub fn limits(openpgp: &config::OpenPgp) -> cert::Limits {
    let octets = |limit: Option<u64>| limit.map_or(0, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    cert::Limits {
        certificate_octets: octets(openpgp.max_key_length),
        packet_octets: octets(openpgp.max_packet_length),
        signature_octets: octets(openpgp.max_sig_packet_length),
    }
}

pub(super) fn unusable(store: &config::Store, cause: storage::StorageError) -> StartError {
    StartError::Store { url: store.url.to_string(), cause }
}
