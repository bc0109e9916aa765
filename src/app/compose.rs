//! Putting a server together.

mod gossip;

use prometheus::Registry;
use prometheus::process_collector::ProcessCollector;

use super::lifecycle::{Shutdown, Tasks};
use super::sockets::{Socket, bind};
use super::stores::{self, unusable};
use super::{DRAIN_LIMIT, Server, StartError, machine, open_keyring};
use crate::config::{Config, Live, Queries};
use crate::domain::search::TextSearch;
use crate::http::{self, AppState, Budget, HttpSettings, Listener, MetricsState, ServeLimits, Tls};
use crate::jobs;
use crate::keyring::adopt::{Importer, Pace};
use crate::telemetry::{AdoptMetrics, HttpMetrics, ReloadMetrics, StoreMetrics, TlsMetrics};

/// Scrapers of one Prometheus or several; nobody else.
const METRICS_CONNECTIONS: usize = 64;

/// What the server listens on.
struct Sockets {
    hkp: Socket,
    hkps: Option<(Socket, Tls)>,
    metrics: Option<Socket>,
    recon: Option<Socket>,
}

pub(super) async fn server(config: &Config, shutdown: Shutdown) -> Result<Server, StartError> {
    let registry = Registry::new();
    registry.register(Box::new(ProcessCollector::for_self()))?;
    let sockets = Sockets::open(config, &registry).await?;
    let keyring = open_keyring(config, &registry).await?;
    let blocked = keyring.block_configured(&config.openpgp.blacklist).await;
    blocked.map_err(|cause| unusable(&config.store, cause))?;
    let mut server = Server {
        hkp: sockets.hkp.address,
        hkps: sockets.hkps.as_ref().map(|(socket, _)| socket.address),
        metrics: sockets.metrics.as_ref().map(|socket| socket.address),
        recon: sockets.recon.as_ref().map(|socket| socket.address),
        index: None,
        keyring: keyring.clone(),
        unit: machine::unit(),
        tasks: Tasks::default(),
        hooks: Vec::new(),
        reloads: ReloadMetrics::register(&registry)?,
        shutdown,
        registry: registry.clone(),
        sending: None,
    };
    let statistics = jobs::write_statistics(keyring.clone(), machine::now, server.shutdown.token());
    server.tasks.spawn("statistics", statistics);
    let pruning = jobs::prune(keyring.store().clone(), server.shutdown.token());
    server.tasks.spawn("pruning", pruning);
    let listed = Live::new(config.openpgp.blacklist.clone());
    server.tasks.spawn("blocklist", jobs::block_listed(keyring.clone(), listed.clone(), server.shutdown.token()));
    server.hooks.push(Box::new(move |config| {
        keyring.reload(stores::settings(config));
        listed.update(config.openpgp.blacklist.clone());
    }));
    adopt(&mut server, &registry)?;
    serve_hkp(&mut server, config, (sockets.hkp, sockets.hkps), &registry)?;
    gossip::gossip(&mut server, config, sockets.recon, &registry)?;
    if let Some(socket) = sockets.metrics {
        serve_metrics(&mut server, config, socket, registry)?;
    }
    Ok(server)
}

impl Sockets {
    async fn open(config: &Config, registry: &Registry) -> Result<Self, StartError> {
        let hkps = match &config.hkps {
            // An unusable certificate is told before anything else is tried.
            Some(hkps) => {
                let tls = Tls::open(hkps, TlsMetrics::register(registry)?)?;
                Some((bind(&hkps.bind, "HKP over TLS").await?, tls))
            }
            None => None,
        };
        let hkp = bind(&config.hkp.bind, "HKP").await?;
        let metrics = match &config.metrics.bind {
            Some(address) => Some(bind(address, "metrics").await?),
            None => None,
        };
        let recon = match &config.recon.bind {
            Some(address) => Some(bind(address, "gossip").await?),
            None => None,
        };
        Ok(Self { hkp, hkps, metrics, recon })
    }
}

/// Takes over what Hockeypuck left in the database, if it did.
fn adopt(server: &mut Server, registry: &Registry) -> Result<(), StartError> {
    if !server.keyring.has_foreign() {
        return Ok(());
    }
    let metrics = AdoptMetrics::register(registry)?;
    let importer = Importer { keyring: server.keyring.clone(), unit: server.unit.clone(), pace: Pace::SERVING };
    let stop = || server.shutdown.token();
    let (watching, adopting) =
        (jobs::watch_adoption(server.keyring.clone(), metrics, stop()), jobs::adopt(importer, stop()));
    server.tasks.spawn("watching of adoption", watching);
    server.tasks.spawn("adoption", adopting);
    Ok(())
}

/// Plain and over TLS, with one limit on the connections of both.
fn serve_hkp(
    server: &mut Server,
    config: &Config,
    (plain, secure): (Socket, Option<(Socket, Tls)>),
    registry: &Registry,
) -> Result<(), StartError> {
    let metrics = HttpMetrics::register(registry)?;
    let state = AppState::new(server.keyring.clone(), settings(config), metrics.clone(), machine::now);
    let router = http::router(state.clone());
    let connections = Budget::new(config.hkp.limits.max_connections);
    let limits = ServeLimits { connections: connections.clone(), drain: DRAIN_LIMIT, ..ServeLimits::default() };
    let stop = || server.shutdown.token().cancelled_owned();
    let serving = http::serve(plain.listener, router.clone(), limits.clone(), metrics.clone(), stop());
    server.tasks.spawn("HKP", serving);
    if let Some((socket, tls)) = secure {
        let listener = Listener::with_tls(socket.listener, tls.clone());
        let stop = server.shutdown.token();
        server.tasks.spawn("certificate of hkps", tls.clone().keep_fresh(http::LOOK_INTERVAL, stop.clone()));
        server.tasks.spawn("HKP over TLS", http::serve(listener, router, limits, metrics, stop.cancelled_owned()));
        server.hooks.push(Box::new(move |config| config.hkps.iter().for_each(|hkps| tls.reload(hkps))));
    }
    server.hooks.push(Box::new(move |config| {
        connections.set_limit(config.hkp.limits.max_connections);
        state.reload(settings(config));
    }));
    Ok(())
}

/// The connections of scrapers are not counted among those of clients.
fn serve_metrics(server: &mut Server, config: &Config, socket: Socket, registry: Registry) -> Result<(), StartError> {
    let uncounted = HttpMetrics::register(&Registry::new())?;
    let store = StoreMetrics::register(&registry)?;
    let path = config.metrics.path.clone();
    let router = http::metrics_router(MetricsState { registry, keyring: server.keyring.clone(), store, path });
    let connections = Budget::new(METRICS_CONNECTIONS);
    let limits = ServeLimits { connections, drain: DRAIN_LIMIT, ..ServeLimits::default() };
    let stop = server.shutdown.token().cancelled_owned();
    let serving = http::serve(socket.listener, router, limits, uncounted, stop);
    server.tasks.spawn("metrics", serving);
    Ok(())
}

fn settings(config: &Config) -> HttpSettings {
    let defaults = HttpSettings::default();
    let or_default = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
    let or_machine = |name: &str| if name.is_empty() { machine::name() } else { name.to_owned() };
    let advertised = &config.hkp.advertised_bind;
    let limits = config.hkp.limits;
    HttpSettings {
        armor_headers: armor_headers(config),
        software: or_default(&config.site.software, &defaults.software),
        version: or_default(&config.site.version, &defaults.version),
        virtual_hosts: config.site.enable_vhosts,
        enumerable_domains: config.openpgp.enumerable_domains.clone(),
        hostname: or_machine(&config.site.hostname),
        nodename: or_machine(&config.site.nodename),
        contact: config.site.contact.clone(),
        admin_keys: config.admin.keys.clone(),
        http_address: if advertised.is_empty() { config.hkp.bind.to_string() } else { advertised.clone() },
        hkps_address: config.hkps.as_ref().map(|hkps| hkps.bind.to_string()).unwrap_or_default(),
        recon_address: config.recon.bind.as_ref().map(ToString::to_string).unwrap_or_default(),
        partners: config.recon.partners.clone(),
        recon_stale: config.recon.stale,
        push_targets: config.pks.targets.clone(),
        text_search: text_search(&config.hkp.queries),
        inexact_from: config.hkp.queries.inexact_from.clone(),
        body_octets_limit: limits.max_body_len,
        body_octets_total: limits.max_body_total_len,
        body_deadline: limits.body_timeout,
        request_deadline: limits.request_timeout,
        request_limit: limits.max_requests,
        request_id_seed: machine::random(),
        ..defaults
    }
}

fn text_search(queries: &Queries) -> Option<TextSearch> {
    match queries {
        Queries { keyword_search_disabled: true, .. } => None,
        Queries { enable_inexact: true, .. } => Some(TextSearch::Keywords),
        Queries { .. } => Some(TextSearch::Exact),
    }
}

/// Only those that are configured: RFC 9580 section 6.2 advises against any.
fn armor_headers(config: &Config) -> Vec<(String, String)> {
    let configured = &config.openpgp.headers;
    let header = |name: &str, value: &str| (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()));
    header("Comment", &configured.comment).into_iter().chain(header("Version", &configured.version)).collect()
}
