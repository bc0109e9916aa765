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
pub mod generations;
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

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use ptree::net::{Limits, Offer};
use reqwest::Client;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Live, Recon};
use crate::keyring::Keyring;
use crate::telemetry::{PushMetrics, ReconMetrics};
use access::Access;
use client::{ClientError, client};
use dialer::Dialer;
use directory::Directory;
use filters::Filters;
use index::Index;
use listener::Listener;
use push::{Pushes, Sender, Target};
use recovery::{Fetcher, News};
use sessions::Sessions;
use units::Unit;
use upkeep::Upkeep;

/// How often the names of partners are resolved again.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(300);

/// What gossip needs of its server.
#[derive(Clone)]
pub struct Settings {
    /// The name of this unit; no other running one has it.
    pub unit: String,
    /// What this server calls itself to those whom it asks.
    pub agent: String,
    /// The HTTP client, once somebody needed it: setting it up reads the machine's certificates.
    pub client: Arc<OnceLock<Client>>,
    /// Any numbers.
    pub random: fn() -> u64,
    pub now: fn() -> Timestamp,
}

/// A task that runs until its server stops, and its name.
pub type Task = (&'static str, Pin<Box<dyn Future<Output = ()> + Send>>);

impl Settings {
    /// The one client of this server.
    fn client(&self) -> Result<Client, ClientError> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = client(&self.agent)?;
        Ok(self.client.get_or_init(|| client).clone())
    }
}

/// The tasks of reconciliation, and the trees that they keep. `socket` is where peers connect, if they may.
pub fn reconcile(
    settings: &Settings,
    recon: &Live<Recon>,
    (keyring, metrics): (&Keyring, &ReconMetrics),
    socket: Option<TcpListener>,
    stop: &CancellationToken,
) -> Result<(Index, Vec<Task>), ClientError> {
    let store = keyring.store().clone();
    let (index, owner) = index::index(store.clone(), metrics.clone());
    let unit = Unit { store, index: index.clone(), name: settings.unit.clone() };
    let mut reconciler = Reconciler {
        settings: settings.clone(),
        keyring: keyring.clone(),
        metrics: metrics.clone(),
        index: index.clone(),
        client: settings.client()?,
        socket: socket.map(Arc::new),
        before: None,
    };
    let gossip = generations::follow(recon.clone(), stop.clone(), move |recon, stop| reconciler.tasks(recon, stop));
    let tasks: Vec<Task> = vec![
        ("prefix trees", Box::pin(owner.run(stop.clone()))),
        ("unit", Box::pin(unit.run(stop.clone()))),
        ("gossip", Box::pin(gossip)),
    ];
    Ok((index, tasks))
}

/// What stays while the partners change.
struct Reconciler {
    settings: Settings,
    keyring: Keyring,
    metrics: ReconMetrics,
    index: Index,
    client: Client,
    socket: Option<Arc<TcpListener>>,
    /// What was followed so far; `None` at the start.
    before: Option<Recon>,
}

impl Reconciler {
    /// What these partners need, until `stop`.
    fn tasks(&mut self, recon: &Recon, stop: &CancellationToken) -> Vec<Task> {
        let before = self.before.replace(recon.clone());
        self.metrics.retain_peers(|peer| recon.partners.iter().any(|partner| partner.name == peer));
        let (store, metrics) = (self.keyring.store().clone(), self.metrics.clone());
        let directory = Arc::new(Directory::new(recon));
        let access = Arc::new(Access::new(recon));
        let worker = recovery::Worker {
            keyring: self.keyring.clone(),
            directory: directory.clone(),
            fetcher: Fetcher::new(self.client.clone()),
            unit: self.settings.unit.clone(),
            metrics: metrics.clone(),
        };
        let (news, recovery) = recovery::recovery(worker, recon.recovery_connections);
        let sessions = Arc::new(self.sessions(recon, directory.clone(), news));
        let upkeep = Upkeep { store: store.clone(), index: self.index.clone(), directory: directory.clone(), metrics };
        let (resolved, stopping) = (access.clone(), stop.clone());
        let resolving = async move { resolved.keep_fresh(RESOLVE_INTERVAL, stopping).await };
        let stopping = stop.clone();
        let learning = async move { directory.keep_fresh(store, stopping).await };
        let mut tasks: Vec<Task> = vec![
            ("recovery", Box::pin(recovery.run(stop.clone()))),
            ("gossip with partners", Box::pin(Dialer::new(sessions.clone(), recon, before.as_ref()).run(stop.clone()))),
            ("measuring of gossip", Box::pin(upkeep.run(stop.clone()))),
            ("directory of partners", Box::pin(learning)),
            ("addresses of partners", Box::pin(resolving)),
        ];
        if let Some(socket) = &self.socket {
            let listener = Listener {
                sessions,
                access,
                proxies: recon.trusted_proxies.clone(),
                limit: recon.max_sessions,
                limit_per_peer: recon.max_sessions_per_partner,
            };
            tasks.push(("gossip for peers", Box::pin(listener.run(socket.clone(), stop.clone()))));
        }
        tasks
    }

    fn sessions(&self, recon: &Recon, directory: Arc<Directory>, news: News) -> Sessions {
        Sessions {
            keyring: self.keyring.clone(),
            index: self.index.clone(),
            filters: Filters::new(recon),
            directory,
            news,
            metrics: self.metrics.clone(),
            limits: Limits::default(),
            offer: Offer { http_port: recon.http_port },
            unit: self.settings.unit.clone(),
            random: self.settings.random,
            now: self.settings.now,
        }
    }
}

/// Pushes to all keyservers that are to be pushed to.
pub fn push(
    settings: &Settings,
    plan: &Live<push::Plan>,
    (keyring, metrics): (&Keyring, &PushMetrics),
    stop: &CancellationToken,
) -> Result<Task, ClientError> {
    if !plan.get().targets.is_empty() {
        settings.client()?;
    }
    let (settings, keyring, metrics) = (settings.clone(), keyring.clone(), metrics.clone());
    let start = move |plan: &push::Plan, stop: &CancellationToken| {
        metrics.retain_targets(|name| plan.targets.iter().any(|target| target.address.to_string() == name));
        if plan.targets.is_empty() {
            return Vec::new();
        }
        pushes(&settings, plan, (&keyring, &metrics), stop).unwrap_or_else(|error| {
            tracing::error!(%error, "nothing can be pushed");
            Vec::new()
        })
    };
    Ok(("pushes", Box::pin(generations::follow(plan.clone(), stop.clone(), start))))
}

/// One task for each keyserver that is pushed to.
fn pushes(
    settings: &Settings,
    plan: &push::Plan,
    (keyring, metrics): (&Keyring, &PushMetrics),
    stop: &CancellationToken,
) -> Result<Vec<Task>, ClientError> {
    let pushes = Pushes {
        keyring: keyring.clone(),
        sender: Sender::new(settings.client()?, &plan.from),
        metrics: metrics.clone(),
        unit: settings.unit.as_str().into(),
        interval: push::INTERVAL,
        now: settings.now,
    };
    let task = |target: &Target| -> Task { ("push", Box::pin(pushes.clone().run(target.clone(), stop.clone()))) };
    Ok(plan.targets.iter().map(task).collect())
}
