//! `hockeypuck list-blocked`

use std::collections::BTreeMap;
use std::fmt;

use clap::Args;
use prometheus::Registry;
use serde::Serialize;

use crate::app;
use crate::cli::options::StoreOptions;
use crate::cli::{Ending, block_on, output};
use crate::config::Config;
use crate::domain::time::rfc3339;
use crate::storage::admin::Blocked;

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// Also blocks that have ended
    #[arg(long)]
    all: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreOptions,
}

#[derive(Serialize)]
struct Line {
    fingerprint: String,
    actor: String,
    comment: String,
    since: String,
    /// `None`: never.
    expires: Option<String>,
    in_effect: bool,
}

pub(in crate::cli) fn run(options: &Options, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let config = options.store.configure(environment)?;
    block_on(list(&config, options))?
}

async fn list(config: &Config, options: &Options) -> anyhow::Result<Ending> {
    let keyring = app::open_existing_keyring(config, &Registry::new()).await?;
    let blocks = keyring.blocks().await?;
    keyring.store().close().await;
    let shown: Vec<Line> = blocks.into_iter().filter(|one| options.all || one.is_in_effect).map(Line::of).collect();
    if shown.is_empty() && !options.json {
        output::say("nothing is blocked")?;
    }
    for line in shown {
        if options.json { output::say(serde_json::to_string(&line)?)? } else { output::say(line)? }
    }
    Ok(Ending::Done)
}

impl Line {
    fn of(blocked: Blocked) -> Self {
        let time = |seconds: i64| rfc3339(u64::try_from(seconds).unwrap_or_default()).to_string();
        Self {
            fingerprint: blocked.fingerprint.to_string(),
            actor: blocked.actor,
            comment: blocked.comment,
            since: time(blocked.created_at),
            expires: blocked.expires_at.map(time),
            in_effect: blocked.is_in_effect,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fingerprint, since, actor, .. } = self;
        write!(f, "{fingerprint} since {since} by {actor}")?;
        match (&self.expires, self.in_effect) {
            (Some(expires), true) => write!(f, ", until {expires}")?,
            (Some(expires), false) => write!(f, ", ended {expires}")?,
            (None, _) => {}
        }
        // Comments are one line, whatever is in them.
        let comment: String = self.comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if comment.is_empty() { Ok(()) } else { write!(f, ": {comment}") }
    }
}
