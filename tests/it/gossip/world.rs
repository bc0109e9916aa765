//! Whole servers in this process, which reconcile over loopback.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hockeypuck::app::{self, Shutdown};
use hockeypuck::config::{Config, Sources};
use hockeypuck::domain::{Digest, Profile};
use hockeypuck::gossip::index::{Index, audit};
use hockeypuck::keyring::{Keyring, Outcome, Settings};
use hockeypuck::storage;
use hockeypuck::storage::gossip::Ledger;
use hockeypuck::telemetry::KeyringMetrics;
use prometheus::Registry;
use tokio::task::JoinHandle;

use crate::support::backend::Backend;
use crate::support::certs;
use crate::support::ports::free_port;
use crate::support::request;
use crate::support::store::patient;

/// How long servers may take to agree on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Where a server will be, before it runs.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub hkp: SocketAddr,
    pub recon: SocketAddr,
}

impl Place {
    pub fn new() -> Self {
        Self::at([127, 0, 0, 1])
    }

    /// At an address of the loopback.
    pub fn at(address: [u8; 4]) -> Self {
        let [hkp, recon] = [(); 2].map(|()| SocketAddr::from((address, free_port())));
        Self { hkp, recon }
    }
}

/// The settings of a server that is to be started.
pub struct Plan {
    place: Place,
    backend: Backend,
    settings: Vec<(String, String)>,
}

impl Plan {
    /// A server at `place`, which gossips every second.
    pub fn new(place: Place, backend: Backend) -> Self {
        let plan = Self { place, backend, settings: Vec::new() };
        plan.set("BIND", &place.hkp.to_string())
            .set("METRICS_BIND", "none")
            .set("RECON_BIND", &place.recon.to_string())
            .set("CONFLUX_RECON_GOSSIPINTERVALSECS", "1")
            .set("CONFLUX_RECON_HTTPADDR", &place.hkp.to_string())
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((format!("HOCKEYPUCK_{name}"), value.to_owned()));
        self
    }

    /// Opens sessions with the server at `place`, and lets it open some.
    pub fn partner(self, name: &str, place: Place) -> Self {
        let name = format!("CONFLUX_RECON_PARTNER_{name}");
        self.set(&format!("{name}_RECONADDR"), &place.recon.to_string())
            .set(&format!("{name}_HTTPADDR"), &place.hkp.to_string())
    }

    /// Only lets the server at `place` open sessions.
    pub fn awaited_partner(self, name: &str, place: Place) -> Self {
        self.partner(name, place).set(&format!("CONFLUX_RECON_PARTNER_{name}_WEIGHT"), "-1")
    }

    /// Has certificates before it starts.
    pub async fn filled_with(self, certificates: &[Vec<u8>]) -> Self {
        let url = self.backend.url();
        storage::migrate(&url).await.expect("the schema is created");
        let store = storage::open(&url, &patient()).await.expect("the store opens");
        let metrics = KeyringMetrics::register(&Registry::new()).expect("the metrics are new");
        let keyring = Keyring::new(store.clone(), Settings::default(), metrics);
        submit(&keyring, certificates).await;
        store.close().await;
        self
    }

    pub async fn start(self) -> Unit {
        let mut sources = Sources::default();
        sources.environment.extend(self.settings);
        sources.environment.insert("HOCKEYPUCK_DATABASE_URL".into(), self.backend.url());
        let (config, _) = Config::load(&sources).usable().expect("the settings are right");
        let shutdown = Shutdown::new();
        let server = app::Server::start(&config, shutdown.clone()).await.expect("the server starts");
        let (keyring, index) = (server.keyring().clone(), server.index().expect("it reconciles").clone());
        let running = tokio::spawn(async move { server.finished().await.expect("the server ends in order") });
        Unit { place: self.place, _backend: self.backend, keyring, index, shutdown, running }
    }
}

/// A running server.
pub struct Unit {
    pub place: Place,
    pub keyring: Keyring,
    pub index: Index,
    shutdown: Shutdown,
    running: JoinHandle<()>,
    /// The database lives as long as its server.
    _backend: Backend,
}

impl Unit {
    /// Submits certificates that must be taken.
    pub async fn submit(&self, certificates: &[Vec<u8>]) {
        submit(&self.keyring, certificates).await;
    }

    /// What the database holds for a profile.
    pub async fn digests(&self, profile: Profile) -> BTreeSet<Digest> {
        let all = self.keyring.store().digests(None, 1_000_000).await.expect("the store answers");
        all.into_iter().filter_map(|(_, digests)| digests.of(profile)).collect()
    }

    /// Every tree equals its column.
    pub async fn assert_index_is_true(&self) {
        let audit = audit(self.keyring.store(), Some(&self.index)).await.expect("the trees can be compared");
        assert!(audit.is_equal(), "{audit:?}");
    }

    /// Stops in order.
    pub async fn stop(self) {
        self.shutdown.soft();
        self.running.await.expect("nothing panicked");
    }
}

async fn submit(keyring: &Keyring, certificates: &[Vec<u8>]) {
    for batch in certificates.chunks(50) {
        let submission = keyring.submit(Bytes::from(batch.concat())).await.expect("the store takes them");
        let refused = submission.results.iter().find(|result| matches!(result.outcome, Outcome::Rejected(_)));
        assert!(refused.is_none(), "{refused:?}");
    }
}

/// What a server tells Prometheus at its `METRICS_BIND`.
pub async fn scrape(address: SocketAddr) -> String {
    tokio::task::spawn_blocking(move || request::get(address, "/metrics").unwrap().text()).await.unwrap()
}

/// Certificates with one user ID each.
pub fn certificates(stem: &str, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| certs::small(&format!("<{stem}{n}@example.org>")).packets()).collect()
}

/// Waits until all servers hold exactly `expected` in a profile.
pub async fn converge(units: &[&Unit], profile: Profile, expected: &BTreeSet<Digest>) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut missing = Vec::new();
        for unit in units {
            let held = unit.digests(profile).await;
            missing.push((expected.difference(&held).count(), held.difference(expected).count()));
        }
        if missing.iter().all(|counts| *counts == (0, 0)) {
            return;
        }
        assert!(Instant::now() < deadline, "missing and superfluous per server: {missing:?} of {}", expected.len());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until nothing is left to fetch; certificates are stored a moment before they leave the queue.
pub async fn empty_queue(unit: &Unit) -> Ledger {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ledger = unit.keyring.store().gossip().ledger(10).await.expect("the store answers");
        if ledger.digests == 0 {
            return ledger;
        }
        assert!(Instant::now() < deadline, "{ledger:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The union of what all servers hold in a profile.
pub async fn union(units: &[&Unit], profile: Profile) -> BTreeSet<Digest> {
    let mut all = BTreeSet::new();
    for unit in units {
        all.extend(unit.digests(profile).await);
    }
    all
}
