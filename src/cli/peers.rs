//! `hockeypuck peers`: the partners, how the last sessions went, and what is still missing from them.

use std::collections::BTreeMap;
use std::fmt;

use clap::Args;
use prometheus::Registry;
use serde::Serialize;

use super::options::StoreOptions;
use super::{Ending, block_on, output};
use crate::app;
use crate::config::Config;
use crate::domain::time::rfc3339;
use crate::domain::{PeerEvent, Profile};
use crate::gossip::directory::PARTNERS_LIMIT;
use crate::gossip::known::{self, Known};
use crate::gossip::push;
use crate::storage::gossip::{Ledger, PartnerEvent, PartnerState};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreOptions,
}

/// A partner with its last events and its open offers.
#[derive(Serialize)]
struct Line {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<String>,
    /// By kind.
    events: BTreeMap<String, Event>,
    /// Digests that it offers and this server lacks, by what came of asking for them.
    unresolved: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Event {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) fn run(options: &Options, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let config = options.store.configure(environment)?;
    block_on(list(&config, options.json))?
}

async fn list(config: &Config, is_json: bool) -> anyhow::Result<Ending> {
    let keyring = app::open_existing_keyring(config, &Registry::new()).await?;
    let store = keyring.store().gossip();
    let known = store.partner_states(PARTNERS_LIMIT).await?;
    let ledger = store.ledger(PARTNERS_LIMIT).await?;
    keyring.store().close().await;
    let mut names: Vec<&str> = known.iter().map(|state| state.name.as_str()).collect();
    names.extend(config.recon.partners.iter().map(|partner| partner.name.as_str()));
    names.extend(ledger.offers.iter().map(|row| row.partner.as_str()));
    // Turns with targets of pushes are kept beside those with partners.
    names.retain(|name| !name.starts_with(push::LEASE_PREFIX));
    names.sort_unstable();
    names.dedup();
    if names.is_empty() && !is_json {
        output::say("no partners")?;
    }
    for name in names {
        let line = Line::new(name, known.iter().find(|state| state.name == name), &ledger);
        if is_json { output::say(serde_json::to_string(&line)?)? } else { output::say(&line)? }
    }
    Ok(Ending::Done)
}

impl Line {
    fn new(name: &str, state: Option<&PartnerState>, ledger: &Ledger) -> Self {
        let events = state.map(|state| state.events.as_slice()).unwrap_or_default();
        let known = events.iter().find(|event| event.kind == known::KIND);
        let known = known.map(|event| Known::parse(&event.detail)).unwrap_or_default();
        let shown = |event: &PartnerEvent| PeerEvent::from_code(&event.kind).map(|_| Event::new(event));
        let offers = ledger.offers.iter().filter(|row| row.partner == name);
        let reason = |verdict: Option<&dyn ToString>| verdict.map_or_else(|| "untried".to_owned(), |v| v.to_string());
        Self {
            name: name.to_owned(),
            profile: known.profile().map(Profile::as_str),
            http: known.http().map(|http| http.to_string()),
            events: events.iter().filter_map(|event| Some((event.kind.clone(), shown(event)?))).collect(),
            unresolved: offers
                .map(|row| (reason(row.verdict.as_ref().map(|v| v as &dyn ToString)), row.offers))
                .collect(),
        }
    }
}

impl Event {
    fn new(event: &PartnerEvent) -> Self {
        let error = (!event.detail.is_empty()).then(|| event.detail.clone());
        Self { at: rfc3339(event.at.unsigned_abs() / 1000).to_string(), error }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if let Some(profile) = &self.profile {
            write!(f, " (profile {profile})")?;
        }
        if let Some(http) = &self.http {
            write!(f, " at {http}")?;
        }
        for (kind, event) in &self.events {
            write!(f, "\n  last {}: {}", words(kind), event.at)?;
            if let Some(error) = &event.error {
                write!(f, ": {error}")?;
            }
        }
        for (reason, count) in &self.unresolved {
            write!(f, "\n  unresolved, {reason}: {count}")?;
        }
        Ok(())
    }
}

/// What a kind of event is called for people.
fn words(kind: &str) -> &str {
    match PeerEvent::from_code(kind) {
        Some(PeerEvent::Incoming) => "session that it opened",
        Some(PeerEvent::IncomingFailure) => "failure of a session that it opened",
        Some(PeerEvent::Outgoing) => "session with it",
        Some(PeerEvent::OutgoingFailure) => "failure of a session with it",
        Some(PeerEvent::Incompatible) => "refusal because the two servers do not fit",
        Some(PeerEvent::Recovery) => "certificates from it",
        Some(PeerEvent::RecoveryFailure) => "failure to get certificates from it",
        None => kind,
    }
}
