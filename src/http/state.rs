//! What every handler can reach.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::health::StoreHealth;
use crate::config::{Partner, PushTarget};
use crate::domain::search::TextSearch;
use crate::keyring::Keyring;
use crate::telemetry::{HttpMetrics, RequestIds};

/// Shared by all requests. Cheap to clone, which every layer does for every request.
#[derive(Clone)]
pub struct AppState(Arc<App>);

/// What [`AppState`] holds.
pub struct App {
    pub keyring: Keyring,
    pub settings: Arc<HttpSettings>,
    pub metrics: HttpMetrics,
    /// The clock.
    pub now: fn() -> Timestamp,
    /// When the server started, in seconds since 1970.
    pub(super) started: i64,
    /// Requests that may be worked on at once.
    pub(super) requests: Semaphore,
    /// Octets of request bodies that may be in memory at once.
    pub(super) body_octets: Arc<Semaphore>,
    pub(super) health: StoreHealth,
    /// For requests that come without a name.
    pub(super) request_ids: RequestIds,
}

impl AppState {
    pub fn new(keyring: Keyring, settings: HttpSettings, metrics: HttpMetrics, now: fn() -> Timestamp) -> Self {
        Self(Arc::new(App {
            requests: Semaphore::new(settings.request_limit),
            body_octets: Arc::new(Semaphore::new(settings.body_octets_total.max(settings.body_octets_limit))),
            health: StoreHealth::default(),
            request_ids: RequestIds::new(settings.request_id_seed),
            started: now().as_second(),
            keyring,
            settings: Arc::new(settings),
            metrics,
            now,
        }))
    }
}

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

/// What an operator may choose, and what the server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// Shown in the `Server` header and on the statistics page.
    pub software: String,
    pub version: String,
    /// The name by which clients know the server.
    pub hostname: String,
    /// The name of this unit.
    pub nodename: String,
    /// Fingerprint of the operator's certificate, or empty.
    pub contact: String,
    /// The HKP address that is advertised, for example `:11371`.
    pub http_address: String,
    /// The reconciliation address that is advertised, or empty.
    pub recon_address: String,
    /// The keyservers that this one reconciles with, sorted by name.
    pub partners: Vec<Partner>,
    /// After how long without a session a partner is shown as stale.
    pub recon_stale: Duration,
    /// Where certificates are pushed to.
    pub push_targets: Vec<PushTarget>,
    /// How text is searched for; `None` when only fingerprints and key IDs are.
    pub text_search: Option<TextSearch>,
    /// Headers of armored answers: names and values.
    pub armor_headers: Vec<(String, String)>,
    /// The largest submission, in octets.
    pub body_octets_limit: usize,
    /// Octets of all submissions that are in memory at once.
    pub body_octets_total: usize,
    /// How long a client may take to send a body.
    pub body_deadline: Duration,
    /// How long a request may take in all.
    pub request_deadline: Duration,
    /// How long a health check waits for the store.
    pub health_deadline: Duration,
    /// Requests that are worked on at once; more are refused.
    pub request_limit: usize,
    /// Servers with different seeds name their requests differently.
    pub request_id_seed: u64,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            software: "Hockeypuck".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            hostname: String::new(),
            nodename: String::new(),
            contact: String::new(),
            http_address: ":11371".into(),
            recon_address: String::new(),
            partners: Vec::new(),
            recon_stale: Duration::from_secs(86_400),
            push_targets: Vec::new(),
            text_search: Some(TextSearch::Exact),
            armor_headers: Vec::new(),
            body_octets_limit: 10 * 1024 * 1024,
            body_octets_total: 256 * 1024 * 1024,
            body_deadline: Duration::from_secs(60),
            request_deadline: Duration::from_secs(90),
            health_deadline: Duration::from_secs(3),
            request_limit: 1024,
            request_id_seed: 0,
        }
    }
}
