//! Where partners answer for certificates, and by which profile they are known.
//!
//! Each session tells; what other units learned comes from the database.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::known::{self, Known};
use crate::config::{Partner, PeerAddress, Recon};
use crate::domain::Profile;
use crate::storage::{StorageError, Store};
use crate::telemetry::recon::OTHER_PEER;

/// How long it may take until other units' sessions are known here.
const REFRESH_INTERVAL: Duration = Duration::from_secs(30);
/// The most partners that are known at once, named by an operator or not.
pub const PARTNERS_LIMIT: u32 = 1024;

/// What is known of the partners. Shared by sessions and recovery.
#[derive(Debug)]
pub struct Directory {
    configured: BTreeMap<String, Partner>,
    known: RwLock<BTreeMap<String, Entry>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    http: Option<PeerAddress>,
    profile: Option<Profile>,
}

impl Directory {
    /// Knows what the operator wrote.
    pub fn new(recon: &Recon) -> Self {
        let configured: BTreeMap<String, Partner> =
            recon.partners.iter().map(|partner| (partner.name.clone(), partner.clone())).collect();
        let known = configured
            .iter()
            .map(|(name, partner)| (name.clone(), Entry { http: partner.http.clone(), profile: partner.profile }));
        let known = RwLock::new(known.collect());
        Self { configured, known }
    }

    /// Those that can be asked for certificates, sorted.
    pub fn names(&self) -> Vec<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|(_, known)| known.http.is_some()).map(|(name, _)| name.clone()).collect()
    }

    /// Where a partner answers for certificates.
    pub fn address(&self, name: &str) -> Option<PeerAddress> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(name)?.http.clone()
    }

    /// The profile by which a partner was last recognised.
    pub fn profile(&self, name: &str) -> Option<Profile> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(name)?.profile
    }

    /// The name of a partner in logs and metrics: addresses of those whom no operator named stay out.
    pub fn label<'a>(&self, name: &'a str) -> &'a str {
        if self.configured.contains_key(name) { name } else { OTHER_PEER }
    }

    /// Learns from a session. An address that an operator wrote stays; beyond [`PARTNERS_LIMIT`]
    /// nobody new is remembered.
    pub fn met(&self, name: &str, http: Option<PeerAddress>, profile: Option<Profile>) {
        let configured = self.configured.get(name);
        if configured.is_none() && name.parse::<IpAddr>().is_err() {
            // A partner of another unit, or one that was taken off the list: nothing is asked of it here.
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let limit = usize::try_from(PARTNERS_LIMIT).unwrap_or(usize::MAX);
        if known.len() >= limit && !known.contains_key(name) {
            return;
        }
        let entry = known.entry(name.to_owned()).or_default();
        if configured.is_none_or(|partner| partner.http.is_none()) {
            entry.http = http.or(entry.http.take());
        }
        entry.profile = profile.or(entry.profile);
    }

    /// Learns what all units noted in the database.
    pub async fn refresh(&self, store: &Store) -> Result<(), StorageError> {
        for state in store.gossip().partner_states(PARTNERS_LIMIT).await? {
            for event in state.events.iter().filter(|event| event.kind == known::KIND) {
                let known = Known::parse(&event.detail);
                self.met(&state.name, known.http(), known.profile());
            }
        }
        Ok(())
    }

    /// Learns again and again, until `stop`.
    pub async fn keep_fresh(&self, store: Store, stop: CancellationToken) {
        loop {
            if let Err(error) = self.refresh(&store).await {
                tracing::warn!(%error, "what other units know of partners cannot be read");
            }
            if stop.run_until_cancelled(tokio::time::sleep(REFRESH_INTERVAL)).await.is_none() {
                return;
            }
        }
    }
}
