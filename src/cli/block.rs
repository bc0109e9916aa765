//! `hockeypuck block-keys`, `unblock-keys` and `list-blocked`.

mod expiry;
mod list;

use std::collections::BTreeMap;
use std::fmt;

use clap::Args;
use prometheus::Registry;
use serde::Serialize;

use super::options::StoreOptions;
use super::{Ending, block_on, output};
use crate::app;
use crate::config::Config;
use crate::domain::Fingerprint;
use crate::jobs;
use crate::keyring::Keyring;
use crate::keyring::block::{BlockError, Wish};
use crate::storage::admin::BlockOutcome;

pub(super) use list::{Options as ListOptions, run as list};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Why, for other operators
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    comment: String,
    /// When the block ends: a time such as 2027-01-31T12:00:00Z, or a duration such as 30d or 12h; never if left out
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct UnblockOptions {
    /// Why, for the account of what was done
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    comment: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// Fingerprints of primary keys, parted by commas
    #[arg(long = "fingerprints", value_name = "FPR,FPR…")]
    list: Option<String>,
    /// More of them
    #[arg(value_name = "FPR", required_unless_present = "list")]
    fingerprints: Vec<String>,
    /// Who does it; by default the user of the operating system
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Tell what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreOptions,
}

/// What became of one fingerprint.
#[derive(Serialize)]
struct Line {
    fingerprint: String,
    result: &'static str,
    /// Whether it was in effect before.
    was_blocked: bool,
    /// Whether there was a certificate, which is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    was_stored: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

/// Blocks.
pub(super) fn run(options: &Options, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let expires_at = match options.expires.as_deref().map(|text| expiry::parse(text, app::now())).transpose() {
        Ok(expires_at) => expires_at,
        Err(sentence) => return Ok(wrong(&sentence)),
    };
    let Some(fingerprints) = options.common.fingerprints() else { return Ok(Ending::Usage) };
    let config = options.common.store.configure(environment)?;
    let Some(nonempty) = some(&fingerprints) else { return Ok(Ending::Done) };
    let actor = options.common.actor();
    let wish = Wish { fingerprints: nonempty, comment: &options.comment, actor: &actor };
    block_on(block(&config, wish, expires_at, &options.common))?
}

/// Unblocks.
pub(super) fn unblock(options: &UnblockOptions, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let Some(fingerprints) = options.common.fingerprints() else { return Ok(Ending::Usage) };
    let config = options.common.store.configure(environment)?;
    let Some(nonempty) = some(&fingerprints) else { return Ok(Ending::Done) };
    let actor = options.common.actor();
    let wish = Wish { fingerprints: nonempty, comment: &options.comment, actor: &actor };
    block_on(end(&config, wish, &options.common))?
}

async fn block(config: &Config, wish: Wish<'_>, expires_at: Option<i64>, options: &Common) -> anyhow::Result<Ending> {
    let keyring = options.open(config).await?;
    let blocked = match options.dry_run {
        true => keyring.foresee_block(wish).await,
        false => keyring.block(wish, expires_at).await,
    };
    jobs::write_counts(&keyring, app::now()).await;
    keyring.store().close().await;
    let outcomes = match told(blocked)? {
        Ok(outcomes) => outcomes,
        Err(ending) => return Ok(ending),
    };
    outcomes.iter().try_for_each(|outcome| options.say(&Line::blocked(outcome, options.dry_run)))?;
    Ok(Ending::Done)
}

async fn end(config: &Config, wish: Wish<'_>, options: &Common) -> anyhow::Result<Ending> {
    let keyring = options.open(config).await?;
    let unblocked = match options.dry_run {
        true => keyring.foresee_block(wish).await.map(blocked_of),
        false => keyring.unblock(wish).await,
    };
    keyring.store().close().await;
    let unblocked = match told(unblocked)? {
        Ok(unblocked) => unblocked,
        Err(ending) => return Ok(ending),
    };
    for fingerprint in wish.fingerprints {
        options.say(&Line::unblocked(*fingerprint, unblocked.contains(fingerprint), options.dry_run))?;
        if config.openpgp.blacklist.contains(fingerprint) {
            output::complain(&format!(
                "{fingerprint} is still listed in openpgp.blacklist of the configuration, which blocks it again at the next start"
            ));
        }
    }
    Ok(Ending::Done)
}

impl Common {
    /// All that were given; `None` when one is none, which has been told.
    fn fingerprints(&self) -> Option<Vec<Fingerprint>> {
        let listed = self.list.iter().flat_map(|list| list.split(','));
        let given = listed.chain(self.fingerprints.iter().map(String::as_str));
        let given: Vec<&str> = given.map(str::trim).filter(|text| !text.is_empty()).collect();
        let parsed: Vec<_> = given.iter().map(|text| Fingerprint::of_certificate(text)).collect();
        for (text, _) in given.iter().zip(&parsed).filter(|(_, parsed)| parsed.is_err()) {
            wrong(&format!("{text:?}: Invalid fingerprint format. It has 40 or 64 hexadecimal digits"));
        }
        if parsed.iter().any(Result::is_err) {
            output::complain("nothing was changed");
        }
        parsed.into_iter().collect::<Result<Vec<_>, _>>().ok().map(once_each)
    }

    fn actor(&self) -> String {
        self.actor.clone().unwrap_or_else(app::user)
    }

    /// Only what changes something may create a store.
    async fn open(&self, config: &Config) -> anyhow::Result<Keyring> {
        let registry = Registry::new();
        Ok(match self.dry_run {
            true => app::open_existing_keyring(config, &registry).await?,
            false => app::open_keyring(config, &registry).await?,
        })
    }

    fn say(&self, line: &Line) -> anyhow::Result<()> {
        let text = if self.json { serde_json::to_string(line)? } else { line.to_string() };
        Ok(output::say(text)?)
    }
}

impl Line {
    fn blocked(outcome: &BlockOutcome, dry_run: bool) -> Self {
        let BlockOutcome { fingerprint, was_stored, was_blocked } = *outcome;
        let result = match (dry_run, was_stored, was_blocked) {
            (false, true, _) => "Deleted and blocked successfully.",
            (false, false, false) => "Fingerprint unavailable in the database. Blocked successfully.",
            (true, true, _) => "Would be deleted and blocked.",
            (true, false, false) => "Fingerprint unavailable in the database. Would be blocked.",
            (_, false, true) => "Blocked already.",
        };
        Self { fingerprint: fingerprint.to_string(), result, was_blocked, was_stored: Some(was_stored), dry_run }
    }

    fn unblocked(fingerprint: Fingerprint, was_blocked: bool, dry_run: bool) -> Self {
        let result = match (dry_run, was_blocked) {
            (_, false) => "Not blocked.",
            (false, true) => "Unblocked successfully.",
            (true, true) => "Would be unblocked.",
        };
        Self { fingerprint: fingerprint.to_string(), result, was_blocked, was_stored: None, dry_run }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.fingerprint, self.result)
    }
}

/// An empty list is what scripts give that found nothing to block.
fn some(fingerprints: &[Fingerprint]) -> Option<&[Fingerprint]> {
    if fingerprints.is_empty() {
        output::complain("no fingerprints were given; nothing was changed");
        return None;
    }
    Some(fingerprints)
}

fn once_each(mut fingerprints: Vec<Fingerprint>) -> Vec<Fingerprint> {
    let mut seen = std::collections::HashSet::new();
    fingerprints.retain(|fingerprint| seen.insert(*fingerprint));
    fingerprints
}

fn blocked_of(outcomes: Vec<BlockOutcome>) -> Vec<Fingerprint> {
    outcomes.into_iter().filter(|outcome| outcome.was_blocked).map(|outcome| outcome.fingerprint).collect()
}

/// What was asked wrongly is told here; other errors are for the caller.
fn told<T>(result: Result<T, BlockError>) -> anyhow::Result<Result<T, Ending>> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(error @ (BlockError::TooMany | BlockError::LongComment)) => Ok(Err(wrong(&error.to_string()))),
        Err(error) => Err(error.into()),
    }
}

fn wrong(sentence: &str) -> Ending {
    output::complain(sentence);
    Ending::Usage
}
