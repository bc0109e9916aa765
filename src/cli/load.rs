//! `hockeypuck load`: whole keyrings into the store.

mod account;
mod progress;
mod reading;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use prometheus::Registry;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::files::{Input, expand};
use super::options::{StoreOptions, install_log};
use super::signals::Signals;
use super::{Ending, block_on, output};
use crate::app;
use crate::config::Config;
use account::Account;
use reading::Reading;

/// How long a batch may wait for a connection: nobody is waiting for an answer.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);
/// Batches that are under way for each core, so that cores verify while the database writes.
const BATCHES_PER_CORE: usize = 2;
/// Batches that are read ahead.
const QUEUE_LIMIT: usize = 2;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Keyrings, binary or armored; patterns; directories, of which *.pgp, *.gpg, *.asc and *.key are read; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Write the certificates that are not stored to this file; without it, each reason is told on standard error
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    #[command(flatten)]
    store: StoreOptions,
}

pub(super) fn run(options: &Options, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let mut config = options.store.configure(environment)?;
    config.store.acquire_timeout = ACQUIRE_TIMEOUT.max(config.store.acquire_timeout);
    install_log(&config)?;
    let inputs = expand(&options.files)?;
    if let Some(rejects) = &options.rejects {
        let is_input = |input: &Input| matches!(input, Input::File(path) if is_same(path, rejects));
        ensure!(!inputs.iter().any(is_input), "{} cannot be read and take the rejects", rejects.display());
    }
    block_on(load(&config, inputs, options.rejects.as_deref()))?
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

async fn load(config: &Config, inputs: Vec<Input>, rejects: Option<&Path>) -> anyhow::Result<Ending> {
    let mut signals = Signals::new()?;
    let keyring = app::open_keyring(config, &Registry::new()).await?;
    let account = Arc::new(Account::new(inputs, rejects)?);
    let stop = CancellationToken::new();
    let (batches, queue) = mpsc::channel(QUEUE_LIMIT);
    let limits = app::limits(&config.openpgp);
    let reading = Reading { account: account.clone(), limits, stop: stop.clone(), batches };
    let reader = tokio::task::spawn_blocking(move || reading.read_all());
    let concurrency = BATCHES_PER_CORE * std::thread::available_parallelism().map_or(1, usize::from);
    let mut loading = pin!(keyring.load(queue, concurrency, &stop, |stored| account.add(&stored)));
    let outcome = tokio::select! {
        outcome = &mut loading => outcome,
        () = signals.stop() => {
            stop.cancel();
            loading.await
        }
    };
    // Otherwise the reader may wait for a terminal or a pipe for ever.
    if outcome.is_ok() && !stop.is_cancelled() {
        reader.await.context("the reader of the files died")?;
    }
    keyring.store().close().await;
    let is_complete = account.finish()?;
    outcome.context("not everything could be stored")?;
    Ok(match (stop.is_cancelled(), is_complete) {
        (true, _) => {
            output::complain("stopped before the end; loading the same files again is harmless");
            Ending::Interrupted
        }
        (false, true) => Ending::Done,
        (false, false) => Ending::No,
    })
}
