//! Exchange of certificates with other keyservers: reconciliation, recovery, and pushing.
//!
//! Trees follow the store ([`index`]); sessions compare them with those of peers ([`listener`],
//! [`dialer`], [`sessions`]) and queue what is missing; [`recovery`] empties the queue.

pub mod access;
mod back_off;
pub mod client;
mod dialer;
pub mod directory;
pub mod filters;
pub mod index;
pub mod known;
mod listener;
pub mod proxy;
pub mod push;
pub mod recovery;
pub mod schedule;
mod sessions;
pub mod units;
mod upkeep;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ptree::net::{Limits, Offer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Recon};
use crate::keyring::Keyring;
use crate::telemetry::{PushMetrics, ReconMetrics};
use access::Access;
use client::{ClientError, client};
use dialer::Dialer;
use directory::Directory;
use filters::Filters;
use index::Index;
use listener::Listener;
use push::{Pushes, Sender};
use recovery::Fetcher;
use sessions::Sessions;
use units::Unit;
use upkeep::Upkeep;

/// How often the names of partners are resolved again.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(300);

/// What gossip needs of its server.
pub struct Settings {
    /// The name of this unit; no other running one has it.
    pub unit: String,
    /// What this server calls itself to those whom it asks.
    pub agent: String,
    /// Authorities that it trusts over TLS beside the machine's.
    pub ca_file: Option<PathBuf>,
    /// Any numbers.
    pub random: fn() -> u64,
    pub now: fn() -> Timestamp,
}

/// A task that runs until its server stops, and its name.
pub type Task = (&'static str, Pin<Box<dyn Future<Output = ()> + Send>>);

/// The tasks of reconciliation, and the trees that they keep. `socket` is where peers connect, if they may.
pub fn reconcile(
    settings: &Settings,
    recon: &Recon,
    (keyring, metrics): (&Keyring, &ReconMetrics),
    socket: Option<TcpListener>,
    stop: &CancellationToken,
) -> Result<(Index, Vec<Task>), ClientError> {
    let store = keyring.store().clone();
    let (index, owner) = index::index(store.clone(), metrics.clone());
    let directory = Arc::new(Directory::new(recon));
    let access = Arc::new(Access::new(recon));
    let worker = recovery::Worker {
        keyring: keyring.clone(),
        directory: directory.clone(),
        fetcher: Fetcher::new(client(&settings.agent, settings.ca_file.as_deref())?),
        unit: settings.unit.clone(),
        metrics: metrics.clone(),
    };
    let (news, recovery) = recovery::recovery(worker, recon.recovery_connections);
    let sessions = Arc::new(Sessions {
        keyring: keyring.clone(),
        index: index.clone(),
        filters: Filters::new(recon),
        directory: directory.clone(),
        news,
        metrics: metrics.clone(),
        limits: Limits::default(),
        offer: Offer { http_port: recon.http_port },
        unit: settings.unit.clone(),
        random: settings.random,
        now: settings.now,
    });
    let unit = Unit { store: store.clone(), index: index.clone(), name: settings.unit.clone() };
    let upkeep =
        Upkeep { store: store.clone(), index: index.clone(), directory: directory.clone(), metrics: metrics.clone() };
    let (resolved, stopping) = (access.clone(), stop.clone());
    let resolving = async move { resolved.keep_fresh(RESOLVE_INTERVAL, stopping).await };
    let stopping = stop.clone();
    let learning = async move { directory.keep_fresh(store, stopping).await };
    let mut tasks: Vec<Task> = vec![
        ("prefix trees", Box::pin(owner.run(stop.clone()))),
        ("recovery", Box::pin(recovery.run(stop.clone()))),
        ("gossip with partners", Box::pin(Dialer::new(sessions.clone(), recon).run(stop.clone()))),
        ("unit", Box::pin(unit.run(stop.clone()))),
        ("measuring of gossip", Box::pin(upkeep.run(stop.clone()))),
        ("directory of partners", Box::pin(learning)),
        ("addresses of partners", Box::pin(resolving)),
    ];
    if let Some(socket) = socket {
        let listener = Listener {
            sessions,
            access,
            proxies: recon.trusted_proxies.clone(),
            limit: recon.max_sessions,
            limit_per_peer: recon.max_sessions_per_partner,
        };
        tasks.push(("gossip for peers", Box::pin(listener.run(socket, stop.clone()))));
    }
    Ok((index, tasks))
}

/// One task for each keyserver that is pushed to.
pub fn pushes(
    settings: &Settings,
    config: &Config,
    (keyring, metrics): (&Keyring, &PushMetrics),
    stop: &CancellationToken,
) -> Result<Vec<Task>, ClientError> {
    let targets = push::targets(config);
    if targets.is_empty() {
        // Setting up the client reads the machine's certificates.
        return Ok(Vec::new());
    }
    let pushes = Pushes {
        keyring: keyring.clone(),
        sender: Sender::new(client(&settings.agent, settings.ca_file.as_deref())?, &config.pks.from),
        metrics: metrics.clone(),
        unit: settings.unit.as_str().into(),
        interval: push::INTERVAL,
        now: settings.now,
    };
    let task = |target| -> Task { ("pushes", Box::pin(pushes.clone().run(target, stop.clone()))) };
    Ok(targets.into_iter().map(task).collect())
}
