//! Reconciling and pushing, where there is anybody to do that with.

use std::sync::{Arc, OnceLock};

use prometheus::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::super::sockets::Socket;
use super::{Server, StartError, machine};
use crate::config::{Config, Live, Recon};
use crate::gossip::generations::run_all;
use crate::gossip::index::Index;
use crate::gossip::push::Plan;
use crate::gossip::{self, Settings, Task};
use crate::keyring::Keyring;
use crate::telemetry::{PushMetrics, ReconMetrics};

pub(super) fn gossip(
    server: &mut Server,
    config: &Config,
    socket: Option<Socket>,
    registry: &Registry,
) -> Result<(), StartError> {
    let settings = Settings {
        unit: machine::unit(),
        agent: format!("hockeypuck/{}", env!("CARGO_PKG_VERSION")),
        client: Arc::new(OnceLock::new()),
        random: machine::random,
        now: machine::now,
    };
    push(server, config, &settings, registry)?;
    let hkp_port = server.hkp.port();
    let recon = Live::new(recon_of(config, hkp_port));
    let following = recon.clone();
    server.hooks.push(Box::new(move |config| following.update(recon_of(config, hkp_port))));
    let reconciling = Reconciling {
        settings,
        recon: recon.clone(),
        keyring: server.keyring.clone(),
        registry: registry.clone(),
        socket: socket.map(|socket| socket.listener),
        stop: server.shutdown.token(),
    };
    if recon.get().is_on() {
        let (index, tasks) = reconciling.start()?;
        server.index = Some(index);
        tasks.into_iter().for_each(|(name, task)| server.tasks.spawn(name, task));
    } else {
        server.tasks.spawn("gossip", reconciling.start_later());
    }
    Ok(())
}

fn push(server: &mut Server, config: &Config, settings: &Settings, registry: &Registry) -> Result<(), StartError> {
    let plan = Live::new(Plan::new(config));
    let metrics = PushMetrics::register(registry)?;
    let (name, task) = gossip::push(settings, &plan, (&server.keyring, &metrics), &server.shutdown.token())?;
    server.tasks.spawn(name, task);
    server.hooks.push(Box::new(move |config| plan.update(Plan::new(config))));
    Ok(())
}

/// Peers are told the port on which this server really listens.
fn recon_of(config: &Config, hkp_port: u16) -> Recon {
    let mut recon = config.recon.clone();
    if recon.http_port == 0 {
        recon.http_port = hkp_port;
    }
    recon
}

/// What reconciling needs.
struct Reconciling {
    settings: Settings,
    recon: Live<Recon>,
    keyring: Keyring,
    registry: Registry,
    socket: Option<TcpListener>,
    stop: CancellationToken,
}

impl Reconciling {
    fn start(self) -> Result<(Index, Vec<Task>), StartError> {
        let metrics = ReconMetrics::register(&self.registry)?;
        let parts = (&self.keyring, &metrics);
        Ok(gossip::reconcile(&self.settings, &self.recon, parts, self.socket, &self.stop)?)
    }

    /// Starts when there are partners, and runs until the stop. Most servers without any never have one, and
    /// should not keep trees for nobody.
    async fn start_later(self) {
        let (recon, stop) = (self.recon.clone(), self.stop.clone());
        let mut changes = recon.changes();
        let is_on = stop.run_until_cancelled(changes.wait_for(|recon| recon.is_on())).await.is_some();
        if !is_on {
            return;
        }
        match self.start() {
            Ok((_, tasks)) => run_all(tasks, &stop).await,
            Err(error) => {
                tracing::error!(%error, "this server cannot reconcile");
                stop.cancelled().await;
            }
        }
    }
}
