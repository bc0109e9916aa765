//! `hockeypuck serve`

use std::collections::BTreeMap;
use std::pin::pin;

use super::options::{ServeOptions, install_log_with};
use super::signals::{Signals, Wish};
use super::{Ending, block_on, output};
use crate::app::{self, Server, Shutdown};
use crate::config::{Config, Report};
use crate::telemetry::log::Log;
use crate::telemetry::traces::Traces;

pub(super) fn run(options: &ServeOptions, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let (config, report) = options.configure(environment)?;
    let traces = app::traces(&config)?;
    let log = install_log_with(&config, traces.as_ref())?;
    warn(&report);
    block_on(serve(&config, &log, traces))?
}

async fn serve(config: &Config, log: &Log, traces: Option<Traces>) -> anyhow::Result<Ending> {
    let mut signals = Signals::new()?;
    let shutdown = Shutdown::new();
    let server = tokio::select! {
        server = Server::start(config, shutdown.clone()) => server?.sending(traces)?,
        () = signals.stop() => return Ok(Ending::Interrupted),
    };
    announce(config, &server);
    let mut finished = pin!(server.finished());
    loop {
        tokio::select! {
            result = &mut finished => {
                result?;
                tracing::info!("stopped");
                return Ok(Ending::Done);
            }
            wish = signals.next() => obey(wish, &shutdown, log),
        }
    }
}

fn obey(wish: Wish, shutdown: &Shutdown, log: &Log) {
    match wish {
        Wish::Stop if shutdown.token().is_cancelled() => shutdown.hard(),
        Wish::Stop => {
            tracing::info!("stopping: requests under way are answered; a second signal ends at once");
            shutdown.soft();
        }
        Wish::Reload => match log.reopen() {
            Ok(true) => tracing::info!("the log file was opened again; settings change with a restart"),
            Ok(false) => tracing::info!("settings change with a restart"),
            Err(error) => tracing::error!(%error, "the log goes on in the old file"),
        },
    }
}

fn announce(config: &Config, server: &Server) {
    let metrics = match server.metrics_address() {
        Some(address) => format!("metrics at http://{address}{}", config.metrics.path),
        None => "no metrics".to_owned(),
    };
    let (version, hkp, url) = (env!("CARGO_PKG_VERSION"), server.hkp_address(), &config.store.url);
    let line = format!("Hockeypuck {version} answers at http://{hkp}, {metrics}, data in {url}");
    // The log has it, too.
    let _ = output::say(line);
    tracing::info!(version, %hkp, metrics, data = %url, "started");
}

fn warn(report: &Report) {
    for problem in &report.problems {
        tracing::warn!("{problem}");
    }
}
