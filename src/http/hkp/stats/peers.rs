//! The keyservers that this one exchanges certificates with.

use std::collections::BTreeMap;

use serde::Serialize;

use super::time;
use crate::config::{Partner, PeerAddress, PushTarget};
use crate::domain::peer::Attempts;
use crate::domain::{PeerStatus, PushStatus};
use crate::http::{AppState, HttpSettings};
use crate::storage::StorageError;

/// What crawlers take for "never".
const NEVER: &str = "0001-01-01T00:00:00Z";
/// Texts shorter than this are hidden as a whole.
const MASK_CHARACTERS: usize = 4;

/// One partner, with the members of Hockeypuck.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) http_addr: String,
    pub(super) recon_addr: String,
    pub(super) stats_path: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) masked: bool,
    pub(super) last_incoming_recon: String,
    pub(super) last_incoming_error: String,
    pub(super) last_outgoing_recon: String,
    pub(super) last_outgoing_error: String,
    pub(super) recon_status: &'static str,
    pub(super) last_recovery: String,
    pub(super) last_recovery_error: String,
    pub(super) recovery_status: &'static str,
}

/// One target of pushes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) addr: String,
    pub(super) last_sync: String,
    pub(super) last_error: Option<String>,
    /// Configured as a target; else pushed to only while it does not reconcile.
    pub(super) permanent: bool,
    /// Pushed to at present.
    pub(super) active: bool,
}

pub(super) struct Peers {
    pub(super) peers: Vec<Peer>,
    pub(super) targets: Vec<Target>,
}

impl Peers {
    /// Asks the store only when there is somebody to ask about.
    pub(super) async fn read(app: &AppState, now: i64) -> Result<Self, StorageError> {
        let settings = app.settings();
        let statuses = if settings.partners.is_empty() { BTreeMap::new() } else { app.keyring.peers().await? };
        let failover = settings.partners.iter().filter(|partner| partner.pks_failover && partner.http.is_some());
        let failover: Vec<&Partner> = failover.collect();
        let has_targets = !settings.push_targets.is_empty() || !failover.is_empty();
        let pushes = if has_targets { app.keyring.push_targets().await? } else { BTreeMap::new() };
        let clock = Clock { now, started: app.started, stale_seconds: stale_seconds(&settings) };
        let mut targets: Vec<Target> = settings.push_targets.iter().map(|target| permanent(target, &pushes)).collect();
        targets.extend(failover.into_iter().filter_map(|partner| substitute(partner, &statuses, &pushes)));
        targets.sort_by(|a, b| a.addr.cmp(&b.addr));
        let peers = settings.partners.iter().map(|partner| Peer::new(partner, statuses.get(&partner.name), clock));
        Ok(Self { peers: peers.collect(), targets })
    }
}

/// What "stale" is measured by, in seconds.
#[derive(Clone, Copy)]
struct Clock {
    now: i64,
    /// Of this server.
    started: i64,
    stale_seconds: i64,
}

impl Clock {
    fn is_old(self, time: i64) -> bool {
        self.now.saturating_sub(time) > self.stale_seconds
    }
}

fn stale_seconds(settings: &HttpSettings) -> i64 {
    i64::try_from(settings.recon_stale.as_secs()).unwrap_or(i64::MAX)
}

impl Peer {
    fn new(partner: &Partner, status: Option<&PeerStatus>, clock: Clock) -> Self {
        let nothing = PeerStatus::default();
        let status = status.unwrap_or(&nothing);
        let show = |text: String| if partner.mask { masked(&text) } else { text };
        let error = |attempts: &Attempts| match &attempts.error {
            // What a failure says may hold the addresses.
            Some(_) if partner.mask => "hidden".to_owned(),
            error => error.clone().unwrap_or_default(),
        };
        let address = |address: &Option<PeerAddress>| address.as_ref().map(ToString::to_string).unwrap_or_default();
        let web = &partner.web_address;
        let recon_status = recon_status(status, clock);
        Self {
            name: partner.name.clone(),
            http_addr: show(if web.is_empty() { address(&partner.http) } else { web.clone() }),
            recon_addr: show(address(&partner.recon)),
            stats_path: partner.stats_path.clone(),
            masked: partner.mask,
            last_incoming_recon: when(status.incoming.success),
            last_incoming_error: error(&status.incoming),
            last_outgoing_recon: when(status.outgoing.success),
            last_outgoing_error: error(&status.outgoing),
            recon_status,
            last_recovery: when(status.recovery.success),
            last_recovery_error: error(&status.recovery),
            recovery_status: recovery_status(&status.recovery, recon_status),
        }
    }
}

fn permanent(target: &PushTarget, pushes: &BTreeMap<String, PushStatus>) -> Target {
    let addr = target.to_string();
    let status = pushes.get(&addr).cloned().unwrap_or_default();
    Target { addr, last_sync: when(status.last_sync), last_error: status.error, permanent: true, active: true }
}

/// A partner that gets pushes while it does not reconcile.
fn substitute(
    partner: &Partner,
    statuses: &BTreeMap<String, PeerStatus>,
    pushes: &BTreeMap<String, PushStatus>,
) -> Option<Target> {
    let addr = partner.push_target()?.to_string();
    let status = pushes.get(&addr).cloned().unwrap_or_default();
    let active = statuses.get(&partner.name).is_some_and(|status| status.is_incompatible);
    let last_error = status.error.map(|error| if partner.mask { "hidden".to_owned() } else { error });
    let addr = if partner.mask { masked(&addr) } else { addr };
    Some(Target { addr, last_sync: when(status.last_sync), last_error, permanent: false, active })
}

/// A partner with errors that succeeded not long ago is well.
fn recon_status(status: &PeerStatus, clock: Clock) -> &'static str {
    match status.last_session() {
        None if clock.is_old(clock.started) => "Stale",
        None => "Starting",
        Some(last) if clock.is_old(last) => "Stale",
        Some(_) => "OK",
    }
}

fn recovery_status(recovery: &Attempts, recon_status: &'static str) -> &'static str {
    match recovery {
        Attempts { error: Some(_), .. } => "Error",
        Attempts { success: None, .. } => recon_status,
        Attempts { success: Some(_), .. } => "OK",
    }
}

fn when(seconds: Option<i64>) -> String {
    seconds.map_or_else(|| NEVER.to_owned(), time)
}

/// The first and the last character.
fn masked(text: &str) -> String {
    let mut characters = text.chars();
    match (text.chars().count(), characters.next(), characters.next_back()) {
        (0, ..) => String::new(),
        (MASK_CHARACTERS.., Some(first), Some(last)) => format!("{first}****{last}"),
        _ => "******".to_owned(),
    }
}
