//! `hockeypuck serve`

use std::collections::BTreeMap;
use std::pin::pin;

use super::options::{ServeOptions, install_log_with};
use super::signals::{Signals, Wish};
use super::{Ending, block_on, output, supervisor};
use crate::app::{self, Server, Shutdown};
use crate::config::{Config, Report, Sources};
use crate::telemetry::log::Log;
use crate::telemetry::traces::Traces;

pub(super) fn run(options: &ServeOptions, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let sources = options.sources(environment.clone());
    let (config, report) = options.configure(environment)?;
    let traces = app::traces(&config)?;
    let log = install_log_with(&config, traces.as_ref())?;
    warn(&report);
    block_on(serve((&config, &report), (&log, traces), &sources))?
}

async fn serve(
    (config, report): (&Config, &Report),
    (log, traces): (&Log, Option<Traces>),
    sources: &Sources,
) -> anyhow::Result<Ending> {
    let mut signals = Signals::new()?;
    let shutdown = Shutdown::new();
    let mut server = tokio::select! {
        server = Server::start(config, shutdown.clone()) => server?.sending(traces)?,
        () = signals.stop() => return Ok(Ending::Interrupted),
    };
    announce(config, &server);
    supervisor::ready();
    let mut reloader = server.reloader(config, report);
    let filtered = log.clone();
    reloader.tell(move |config| set_filter(&filtered, config));
    let mut finished = pin!(server.finished());
    loop {
        tokio::select! {
            result = &mut finished => {
                result?;
                tracing::info!("stopped");
                return Ok(Ending::Done);
            }
            wish = signals.next() => match wish {
                Wish::Stop => stop(&shutdown),
                Wish::Reload => {
                    reopen(log);
                    reloader.reload(sources);
                }
                Wish::Reopen => reopen(log),
            },
        }
    }
}

fn stop(shutdown: &Shutdown) {
    if shutdown.token().is_cancelled() {
        return shutdown.hard();
    }
    tracing::info!("stopping: requests under way are answered; a second signal ends at once");
    shutdown.soft();
    supervisor::stopping();
}

fn reopen(log: &Log) {
    match log.reopen() {
        Ok(true) => tracing::info!("the log file was opened again"),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "the log goes on in the old file"),
    }
}

fn set_filter(log: &Log, config: &Config) {
    if let Err(error) = log.set_filter(config.log.level, &config.log.filter) {
        tracing::error!(%error, "the log goes on as it was");
    }
}

fn announce(config: &Config, server: &Server) {
    let metrics = match server.metrics_address() {
        Some(address) => format!("metrics at http://{address}{}", config.metrics.path),
        None => "no metrics".to_owned(),
    };
    let (version, hkp, url) = (env!("CARGO_PKG_VERSION"), server.hkp_address(), &config.store.url);
    let hkps = server.hkps_address().map(|address| format!("https://{address}"));
    let addresses = [Some(format!("http://{hkp}")), hkps.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let line = format!("Hockeypuck {version} answers at {addresses}, {metrics}, data in {url}");
    // The log has it, too.
    let _ = output::say(line);
    tracing::info!(version, %hkp, hkps, metrics, data = %url, "started");
}

fn warn(report: &Report) {
    for problem in &report.problems {
        tracing::warn!("{problem}");
    }
}
