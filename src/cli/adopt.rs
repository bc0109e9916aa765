//! `hockeypuck adopt`: the certificates that Hockeypuck left in the database.

mod progress;
mod report;

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use prometheus::Registry;
use tokio_util::sync::CancellationToken;

use super::options::{StoreOptions, install_log};
use super::signals::Signals;
use super::{Ending, block_on, output};
use crate::app;
use crate::config::Config;
use crate::keyring::Keyring;
use crate::keyring::adopt::{Importer, Pace, TurnEnd};
use progress::Progress;
use report::Report;

/// How long a statement may wait for a connection: nobody is waiting for an answer.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);
/// Batches at once for each core, so that cores verify while the database writes.
const BATCHES_PER_CORE: usize = 2;
/// How often progress is shown.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only tell how far it is
    #[arg(long)]
    status: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreOptions,
}

pub(super) fn run(options: &Options, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let mut config = options.store.configure(environment)?;
    if options.status {
        return block_on(status(&config, options.json))?;
    }
    config.store.acquire_timeout = ACQUIRE_TIMEOUT.max(config.store.acquire_timeout);
    install_log(&config)?;
    block_on(adopt(&config, options.json))?
}

async fn status(config: &Config, is_json: bool) -> anyhow::Result<Ending> {
    let keyring = app::open_existing_keyring(config, &Registry::new()).await?;
    let report = Report::new(&keyring.adoption().await?);
    keyring.store().close().await;
    report.say(is_json)?;
    Ok(Ending::Done)
}

async fn adopt(config: &Config, is_json: bool) -> anyhow::Result<Ending> {
    let mut signals = Signals::new()?;
    let keyring = app::open_keyring(config, &Registry::new()).await?;
    let stop = CancellationToken::new();
    let outcome = {
        let mut working = pin!(take_over(&keyring, &stop));
        tokio::select! {
            outcome = &mut working => outcome,
            () = signals.stop() => {
                stop.cancel();
                working.await
            }
        }
    };
    let report = Report::new(&keyring.adoption().await?);
    keyring.store().close().await;
    outcome.context("not everything could be taken over")?;
    report.say(is_json)?;
    if stop.is_cancelled() {
        output::complain("stopped before the end; what is done stays done, and a server or this command goes on there");
        return Ok(Ending::Interrupted);
    }
    Ok(if report.adds_up() { Ending::Done } else { Ending::No })
}

/// Passes over the tables until nothing has changed since the last one, or `stop`.
async fn take_over(keyring: &Keyring, stop: &CancellationToken) -> anyhow::Result<()> {
    let concurrency = BATCHES_PER_CORE * std::thread::available_parallelism().map_or(1, usize::from);
    let importer = Importer { keyring: keyring.clone(), unit: app::unit(), pace: Pace { concurrency, rest: 0 } };
    let progress = Progress::new();
    let watching = async {
        loop {
            if let Some(pass) = keyring.adoption().await?.first() {
                progress.show(pass);
            }
            tokio::time::sleep(PROGRESS_INTERVAL).await;
        }
        #[expect(unreachable_code, reason = "gives the block its type")]
        Ok::<(), anyhow::Error>(())
    };
    let working = async {
        // A running server leaves the work to this command, which does nothing else; another command does not.
        let mut by_force = true;
        while let Some(found) = stop.run_until_cancelled(keyring.find_changed_rows()).await {
            if !found? || importer.turn(by_force, stop).await? == TurnEnd::Stopped {
                break;
            }
            by_force = false;
            let _ = stop.run_until_cancelled(tokio::time::sleep(PROGRESS_INTERVAL)).await;
        }
        Ok(())
    };
    let outcome = tokio::select! {
        outcome = working => outcome,
        outcome = watching => outcome,
    };
    progress.finish();
    outcome
}
