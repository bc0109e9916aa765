//! Putting a server together.

use prometheus::Registry;
use prometheus::process_collector::ProcessCollector;

use super::lifecycle::{Shutdown, Tasks};
use super::sockets::{Socket, bind};
use super::{DRAIN_LIMIT, Server, StartError, machine, open_keyring};
use crate::config::{Config, Queries};
use crate::domain::search::TextSearch;
use crate::gossip;
use crate::http::{self, AppState, HttpSettings, MetricsState, ServeLimits};
use crate::jobs;
use crate::telemetry::{HttpMetrics, PushMetrics, ReconMetrics, StoreMetrics};

/// Scrapers of one Prometheus or several; nobody else.
const METRICS_CONNECTIONS: usize = 64;

pub(super) async fn server(config: &Config, shutdown: Shutdown) -> Result<Server, StartError> {
    let hkp = bind(&config.hkp.bind, "HKP").await?;
    let scrapes = match &config.metrics.bind {
        Some(address) => Some(bind(address, "metrics").await?),
        None => None,
    };
    let recon = match &config.recon.bind {
        Some(address) => Some(bind(address, "gossip").await?),
        None => None,
    };
    let registry = Registry::new();
    registry.register(Box::new(ProcessCollector::for_self()))?;
    let keyring = open_keyring(config, &registry).await?;
    let mut server = Server {
        hkp: hkp.address,
        metrics: scrapes.as_ref().map(|socket| socket.address),
        recon: recon.as_ref().map(|socket| socket.address),
        index: None,
        keyring: keyring.clone(),
        tasks: Tasks::default(),
        shutdown,
        registry: registry.clone(),
        sending: None,
    };
    let statistics = jobs::write_statistics(keyring.clone(), machine::now, server.shutdown.token());
    server.tasks.spawn("statistics", statistics);
    let pruning = jobs::prune(keyring.store().clone(), server.shutdown.token());
    server.tasks.spawn("pruning", pruning);
    serve_hkp(&mut server, config, hkp, &registry)?;
    gossip(&mut server, config, recon, &registry)?;
    if let Some(socket) = scrapes {
        serve_metrics(&mut server, config, socket, registry)?;
    }
    Ok(server)
}

fn serve_hkp(server: &mut Server, config: &Config, socket: Socket, registry: &Registry) -> Result<(), StartError> {
    let metrics = HttpMetrics::register(registry)?;
    let state = AppState::new(server.keyring.clone(), settings(config), metrics.clone(), machine::now);
    let limits =
        ServeLimits { connections: config.hkp.limits.max_connections, drain: DRAIN_LIMIT, ..ServeLimits::default() };
    let stop = server.shutdown.token().cancelled_owned();
    let serving = http::serve(socket.listener, http::router(state), limits, metrics, stop);
    server.tasks.spawn("HKP", serving);
    Ok(())
}

/// Reconciles and pushes, where there is anybody to do that with.
fn gossip(server: &mut Server, config: &Config, socket: Option<Socket>, registry: &Registry) -> Result<(), StartError> {
    let agent = format!("hockeypuck/{}", env!("CARGO_PKG_VERSION"));
    let settings = gossip::Settings { unit: machine::unit(), agent, random: machine::random, now: machine::now };
    let stop = server.shutdown.token();
    let pushes = PushMetrics::register(registry)?;
    let mut tasks = gossip::pushes(&settings, config, (&server.keyring, &pushes), &stop)?;
    if config.recon.is_on() {
        let mut recon = config.recon.clone();
        if recon.http_port == 0 {
            recon.http_port = server.hkp.port();
        }
        let metrics = ReconMetrics::register(registry)?;
        let listener = socket.map(|socket| socket.listener);
        let (index, more) = gossip::reconcile(&settings, &recon, (&server.keyring, &metrics), listener, &stop)?;
        server.index = Some(index);
        tasks.extend(more);
    }
    tasks.into_iter().for_each(|(name, task)| server.tasks.spawn(name, task));
    Ok(())
}

/// The connections of scrapers are not counted among those of clients.
fn serve_metrics(server: &mut Server, config: &Config, socket: Socket, registry: Registry) -> Result<(), StartError> {
    let uncounted = HttpMetrics::register(&Registry::new())?;
    let store = StoreMetrics::register(&registry)?;
    let path = config.metrics.path.clone();
    let router = http::metrics_router(MetricsState { registry, keyring: server.keyring.clone(), store, path });
    let limits = ServeLimits { connections: METRICS_CONNECTIONS, drain: DRAIN_LIMIT, ..ServeLimits::default() };
    let stop = server.shutdown.token().cancelled_owned();
    let serving = http::serve(socket.listener, router, limits, uncounted, stop);
    server.tasks.spawn("metrics", serving);
    Ok(())
}

fn settings(config: &Config) -> HttpSettings {
    let defaults = HttpSettings::default();
    let or_machine = |name: &str| if name.is_empty() { machine::name() } else { name.to_owned() };
    let advertised = &config.hkp.advertised_bind;
    let limits = config.hkp.limits;
    HttpSettings {
        armor_headers: armor_headers(config),
        hostname: or_machine(&config.site.hostname),
        nodename: or_machine(&config.site.nodename),
        contact: config.site.contact.clone(),
        http_address: if advertised.is_empty() { config.hkp.bind.to_string() } else { advertised.clone() },
        recon_address: config.recon.bind.as_ref().map(ToString::to_string).unwrap_or_default(),
        partners: config.recon.partners.clone(),
        recon_stale: config.recon.stale,
        push_targets: config.pks.targets.clone(),
        text_search: text_search(config.hkp.queries),
        body_octets_limit: limits.max_body_len,
        body_octets_total: limits.max_body_total_len,
        body_deadline: limits.body_timeout,
        request_deadline: limits.request_timeout,
        request_limit: limits.max_requests,
        request_id_seed: machine::random(),
        ..defaults
    }
}

fn text_search(queries: Queries) -> Option<TextSearch> {
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
