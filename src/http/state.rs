//! What every handler can reach.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;

use super::budget::Budget;
use super::health::StoreHealth;
use crate::config::{Live, Partner, PushTarget};
use crate::domain::Fingerprint;
use crate::domain::search::TextSearch;
use crate::keyring::Keyring;
use crate::telemetry::{HttpMetrics, RequestIds};

/// Shared by all requests. Cheap to clone, which every layer does for every request.
#[derive(Clone)]
pub struct AppState(Arc<App>);

/// What [`AppState`] holds.
pub struct App {
    pub keyring: Keyring,
    settings: Live<HttpSettings>,
    pub metrics: HttpMetrics,
    /// The clock.
    pub now: fn() -> Timestamp,
    /// When the server started, in seconds since 1970.
    pub(super) started: i64,
    /// Requests that may be worked on at once.
    pub(super) requests: Budget,
    /// Octets of request bodies that may be in memory at once.
    pub(super) body_octets: Budget,
    pub(super) health: StoreHealth,
    /// For requests that come without a name.
    pub(super) request_ids: RequestIds,
}

impl AppState {
    pub fn new(keyring: Keyring, settings: HttpSettings, metrics: HttpMetrics, now: fn() -> Timestamp) -> Self {
        Self(Arc::new(App {
            requests: Budget::new(settings.request_limit),
            body_octets: Budget::new(settings.bodies_limit()),
            health: StoreHealth::default(),
            request_ids: RequestIds::new(settings.request_id_seed),
            started: now().as_second(),
            keyring,
            settings: Live::new(settings),
            metrics,
            now,
        }))
    }

    /// What applies from now on; a request that is under way may see either.
    pub fn reload(&self, settings: HttpSettings) {
        self.requests.set_limit(settings.request_limit);
        self.body_octets.set_limit(settings.bodies_limit());
        self.settings.set(settings);
    }
}

impl App {
    /// What applies at the moment.
    pub fn settings(&self) -> Arc<HttpSettings> {
        self.settings.get()
    }
}

impl HttpSettings {
    /// One submission always has room.
    fn bodies_limit(&self) -> usize {
        self.body_octets_total.max(self.body_octets_limit)
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
    /// Whether the statistics page shows the name by which a client asked, in place of `hostname`.
    pub virtual_hosts: bool,
    /// The name by which clients know the server.
    pub hostname: String,
    /// The name of this unit.
    pub nodename: String,
    /// Fingerprint of the operator's certificate, or empty.
    pub contact: String,
    /// Fingerprints of the certificates whose owners may delete and replace others.
    pub admin_keys: Vec<Fingerprint>,
    /// The HKP address that is advertised, for example `:11371`.
    pub http_address: String,
    /// Where HKP is served over TLS, or empty.
    pub hkps_address: String,
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
    /// Whose requests are searched for by words, too, when the exact search finds nothing.
    pub inexact_from: Vec<IpNet>,
    /// Domains, in lower case, that are searched for as words, also where other text is not.
    pub enumerable_domains: Vec<String>,
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
            virtual_hosts: false,
            hostname: String::new(),
            nodename: String::new(),
            contact: String::new(),
            admin_keys: Vec::new(),
            http_address: ":11371".into(),
            hkps_address: String::new(),
            recon_address: String::new(),
            partners: Vec::new(),
            recon_stale: Duration::from_secs(86_400),
            push_targets: Vec::new(),
            text_search: Some(TextSearch::Exact),
            inexact_from: Vec::new(),
            enumerable_domains: Vec::new(),
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
