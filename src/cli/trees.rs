//! `hockeypuck ptree`: the prefix trees of running servers, or those that the database leads to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use prometheus::Registry;
use serde::Serialize;

use super::options::StoreOptions;
use super::{Ending, block_on, output};
use crate::app;
use crate::config::Config;
use crate::gossip::index::{audit, derive};
use crate::gossip::units::{Answer, Asked, Request, Tree, ask};
use crate::storage::Store;

/// How long servers may take. Trees of millions of digests take seconds.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Args)]
pub(super) struct Options {
    /// What is done with the trees of every running server on the database, while it serves.
    /// Where none runs, with trees made for it
    #[arg(value_enum)]
    action: Action,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Derive the trees from the database again and swap them in
    Rebuild,
    /// Compare the trees with the database; exit code 1 when anything differs
    Check,
    /// Show the sizes of the trees
    Stats,
}

/// A server's answer, or with no name that of this command.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    #[serde(flatten)]
    answer: &'a Answer,
}

pub(super) fn run(options: &Options, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let config = options.store.configure(environment)?;
    block_on(act(&config, options))?
}

async fn act(config: &Config, options: &Options) -> anyhow::Result<Ending> {
    let keyring = app::open_existing_keyring(config, &Registry::new()).await?;
    let store = keyring.store();
    let Asked { answers, gone } = ask(store, options.action.request(), PATIENCE).await?;
    for unit in gone {
        output::complain(&format!("the server {unit} ended before it answered"));
    }
    let mut is_good = true;
    for (unit, answer) in &answers {
        is_good &= answer.is_good();
        print(&Line { unit: Some(unit), answer }, options.json)?;
    }
    if answers.is_empty() {
        let answer = alone(store, options.action).await?;
        is_good = answer.is_good();
        print(&Line { unit: None, answer: &answer }, options.json)?;
    }
    store.close().await;
    Ok(if is_good { Ending::Done } else { Ending::No })
}

/// No server keeps trees: this command makes them.
async fn alone(store: &Store, action: Action) -> anyhow::Result<Answer> {
    let started = Instant::now();
    Ok(match action {
        Action::Rebuild => Answer::of_derived(&derive(store).await?.1),
        Action::Check => Answer::of_audit(&audit(store, None).await?, started.elapsed()),
        Action::Stats => Answer::of_trees(&derive(store).await?.0, started.elapsed()),
    })
}

fn print(line: &Line<'_>, is_json: bool) -> anyhow::Result<()> {
    let text = if is_json { serde_json::to_string(line)? } else { line.to_string() };
    Ok(output::say(text)?)
}

impl Action {
    fn request(self) -> Request {
        match self {
            Self::Rebuild => Request::Rebuild,
            Self::Check => Request::Check,
            Self::Stats => Request::Stats,
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Some(unit) => write!(f, "server {unit}: ")?,
            None => f.write_str("no server runs; from the database: ")?,
        }
        if let Some(error) = &self.answer.error {
            return f.write_str(error);
        }
        for tree in &self.answer.trees {
            describe(tree, f)?;
            f.write_str(", ")?;
        }
        write!(f, "log position {}, {} ms", self.answer.position, self.answer.took_ms)
    }
}

fn describe(tree: &Tree, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "profile {}: {} digests", tree.profile, tree.elements)?;
    if let Some(octets) = tree.octets {
        write!(f, " in {octets} octets")?;
    }
    match (tree.is_equal, tree.stored) {
        (Some(true), _) => f.write_str(", equal to the database"),
        (Some(false), Some(stored)) => write!(f, ", DIFFERENT from the {stored} of the database"),
        (Some(false), None) => f.write_str(", DIFFERENT from the database"),
        (None, _) => Ok(()),
    }
}
