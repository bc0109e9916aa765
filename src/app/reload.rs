//! Reading the configuration again while the server runs.

use std::collections::BTreeMap;

use super::machine;
use crate::config::{Config, Hkp, Hkps, Log, Recon, Report, Severity, Sources, Store};
use crate::telemetry::ReloadMetrics;

/// Gives one part of the server what it needs of a new configuration.
pub type Hook = Box<dyn Fn(&Config) + Send>;

/// Takes new configurations over.
pub struct Reloader {
    pub(super) hooks: Vec<Hook>,
    pub(super) metrics: ReloadMetrics,
    /// What stays until the server is started again.
    pub(super) started: Config,
    /// Of the configuration that the server was started with, and of the last one that was read.
    pub(super) settings: [Settings; 2],
}

/// Values by key, as they are shown.
type Settings = BTreeMap<String, String>;

/// Whether a change of this key waits for the next start.
pub fn needs_restart(key: &str) -> bool {
    let is_live = LIVE.iter().any(|live| match live.strip_suffix('*') {
        Some(prefix) => key.starts_with(prefix),
        None => key == *live,
    });
    !is_live
}

/// Keys whose changes have an effect at once; `*` stands for everything below.
const LIVE: &[&str] = &[
    "adminKeys",
    "conflux.recon.allowCIDRs",
    "conflux.recon.filters",
    "conflux.recon.gossipIntervalSecs",
    "conflux.recon.httpAddr",
    "conflux.recon.maxSessions",
    "conflux.recon.maxSessionsPerPartner",
    "conflux.recon.partner.*",
    "conflux.recon.profiles",
    "conflux.recon.recoveryConnections",
    "conflux.recon.trustedProxies",
    "contact",
    "enableVHosts",
    "hkp.advertisedBind",
    "hkp.limits.*",
    "hkp.logRequestDetails",
    "hkp.queries.*",
    "hkps.cert",
    "hkps.key",
    "hostname",
    "log.filter",
    "loglevel",
    "maxResponseLen",
    "nodename",
    "openpgp.blacklist",
    "openpgp.db.requestQueryLimit",
    "openpgp.enumerableDomains",
    "openpgp.headers.*",
    "openpgp.maxKeyLength",
    "openpgp.maxPacketLength",
    "openpgp.maxSigPacketLength",
    "pks.from",
    "pks.to",
    "reconStaleSecs",
];
/// What is hidden where settings are shown.
const DATABASE: &str = "openpgp.db.dsn";

impl Reloader {
    /// For a server that was started with `config`, of which `report` tells.
    pub(super) fn new(hooks: Vec<Hook>, metrics: ReloadMetrics, config: &Config, report: &Report) -> Self {
        let settings = settings(report);
        metrics.used(machine::now().as_second());
        Self { hooks, metrics, started: config.clone(), settings: [settings.clone(), settings] }
    }

    /// Also tells `hook` of new configurations.
    pub fn tell(&mut self, hook: impl Fn(&Config) + Send + 'static) {
        self.hooks.push(Box::new(hook));
    }

    /// Reads the sources again and lets take effect what can. If anything is wrong, nothing changes.
    pub fn reload(&mut self, sources: &Sources) {
        match Config::load(sources).usable() {
            Ok((config, report)) => self.take(config, &report),
            Err(report) => {
                self.metrics.failed();
                for problem in report.problems.iter().filter(|problem| problem.severity == Severity::Error) {
                    tracing::error!(problem = problem.text, "the configuration cannot be used; nothing changes");
                }
            }
        }
    }

    fn take(&mut self, config: Config, report: &Report) {
        for problem in &report.problems {
            tracing::warn!("{problem}");
        }
        let new = settings(report);
        let [at_start, last] = &self.settings;
        let changed: Vec<&str> = differences(last, &new).filter(|key| !needs_restart(key)).collect();
        let mut waiting: Vec<&str> = differences(at_start, &new).filter(|key| needs_restart(key)).collect();
        // The password is not shown.
        if config.store.url != self.started.store.url && !waiting.contains(&DATABASE) {
            waiting.push(DATABASE);
        }
        let config = possible(&self.started, config);
        self.hooks.iter().for_each(|hook| hook(&config));
        if !waiting.is_empty() {
            tracing::warn!(settings = waiting.join(", "), "these settings changed and need a restart");
        }
        tracing::info!(settings = changed.join(", "), "the configuration was read again; these settings changed");
        self.metrics.ok(machine::now().as_second());
        self.settings[1] = new;
    }
}

fn settings(report: &Report) -> Settings {
    report.entries.iter().map(|entry| (entry.key.to_string(), entry.value.clone())).collect()
}

/// The keys that have another value, or that only one of the two has.
fn differences<'a>(old: &'a Settings, new: &'a Settings) -> impl Iterator<Item = &'a str> {
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    let changed = new.iter().filter(|(key, value)| old.get(*key) != Some(value)).map(|(key, _)| key);
    gone.chain(changed).map(String::as_str)
}

/// `wanted` with everything as it was at the start that cannot change.
fn possible(started: &Config, wanted: Config) -> Config {
    let hkps = started.hkps.as_ref().map(|old| match &wanted.hkps {
        Some(new) => Hkps { bind: old.bind.clone(), ..new.clone() },
        None => old.clone(),
    });
    let mut recon = Recon { bind: started.recon.bind.clone(), ..wanted.recon };
    if recon.http_port == wanted.hkp.bind.port && started.recon.http_port == started.hkp.bind.port {
        // It is that of the listener, which stays where it is.
        recon.http_port = started.recon.http_port;
    }
    let log = Log { level: wanted.log.level, filter: wanted.log.filter, ..started.log.clone() };
    let store = Store { request_query_limit: wanted.store.request_query_limit, ..started.store.clone() };
    let hkp = Hkp { bind: started.hkp.bind.clone(), ..wanted.hkp };
    Config { hkp, hkps, metrics: started.metrics.clone(), recon, store, log, ..wanted }
}
