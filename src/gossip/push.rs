//! Pushes of changed certificates to keyservers that do not reconcile.
//!
//! Each target has a position in the change log, shared by all units. One unit at a time takes a
//! turn with a target, follows the log from there and sends what is stored at that moment, in the
//! order of the log. Version 6 certificates, and version 6 parts of others, are left out: the
//! interfaces that are pushed to belong to programs that know neither.

mod round;
mod send;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

pub use send::Sender;

use super::back_off::doubled;
use crate::config::{Config, PushTarget};
use crate::keyring::Keyring;
use crate::storage::StorageError;
use crate::storage::gossip::PushState;
use crate::telemetry::PushMetrics;
use round::Round;

/// What turns with targets are called, beside turns with partners.
pub const LEASE_PREFIX: &str = "push:";
/// How long a unit may work on a target before others may have a turn. A round ends earlier.
const TURN: Duration = Duration::from_secs(180);
/// How often a target is looked after, unless a test wants it otherwise.
pub const INTERVAL: Duration = Duration::from_secs(10);
/// The longest time that a target is left alone after failures.
const BACK_OFF_LIMIT: Duration = Duration::from_secs(3600);
/// How many intervals a target is left alone after the first failure.
const BACK_OFF_INTERVALS: u32 = 3;

/// What all targets share.
#[derive(Clone)]
pub struct Pushes {
    pub keyring: Keyring,
    pub sender: Sender,
    pub metrics: PushMetrics,
    /// This program among those that share the store.
    pub unit: Arc<str>,
    /// How often a target is looked after.
    pub interval: Duration,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// One keyserver that certificates are pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub address: PushTarget,
    /// The partner in whose place it is pushed to, while that one does not reconcile.
    pub instead_of: Option<String>,
}

/// What a configuration wants to be pushed where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub targets: Vec<Target>,
    /// What the targets are told of who pushes: ASCII on one line, may be empty.
    pub from: String,
}

impl Plan {
    pub fn new(config: &Config) -> Self {
        Self { targets: targets(config), from: config.pks.from.clone() }
    }
}

/// All targets of a configuration.
fn targets(config: &Config) -> Vec<Target> {
    let permanent = config.pks.targets.iter().map(|address| Target { address: address.clone(), instead_of: None });
    let mut targets: Vec<Target> = permanent.collect();
    for partner in &config.recon.partners {
        let Some(address) = partner.push_target() else { continue };
        if targets.iter().all(|target| target.address != address) {
            targets.push(Target { address, instead_of: Some(partner.name.clone()) });
        }
    }
    targets
}

impl Pushes {
    /// Looks after one target until `stop`. Targets never wait for each other, so each has its own task.
    pub async fn run(self, target: Target, stop: CancellationToken) {
        let name = target.address.to_string();
        let mut round = Round::new(&self, &target);
        loop {
            let work = async {
                if let Err(error) = self.turn(&mut round, &name).await {
                    tracing::warn!(keyserver = name, %error, "the store does not let a push go on");
                }
                tokio::time::sleep(self.interval).await;
            };
            if stop.run_until_cancelled(work).await.is_none() {
                return;
            }
        }
    }

    /// Takes a turn if there is something to do and no other unit does it.
    async fn turn(&self, round: &mut Round<'_>, name: &str) -> Result<(), StorageError> {
        let store = self.keyring.store();
        if let Some(state) = store.gossip().push_state(name).await?
            && store.changes(state.position, 1).await?.is_empty()
        {
            return Ok(());
        }
        let lease = format!("{LEASE_PREFIX}{name}");
        if !store.gossip().lease_partner(&lease, &self.unit, TURN).await? {
            return Ok(());
        }
        // Another unit may have had a turn since.
        let state = match store.gossip().push_state(name).await? {
            Some(state) => round.run(state).await?,
            None => PushState { position: store.gossip().log_end().await?, ..PushState::default() },
        };
        store.gossip().put_push_state(name, &state).await?;
        self.metrics.failures(name, state.failures);
        let pause = back_off(self.interval, state.failures).unwrap_or(self.interval);
        store.gossip().reschedule_partner(&lease, &self.unit, pause).await?;
        Ok(())
    }
}

/// Doubles with each failure in a row; `None` without one.
fn back_off(interval: Duration, failures: u32) -> Option<Duration> {
    Some(doubled(interval.saturating_mul(BACK_OFF_INTERVALS), failures.checked_sub(1)?, BACK_OFF_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    /// The pause doubles up to an hour and never overflows.
    #[test]
    fn failures_back_off() {
        let seconds = |failures| back_off(INTERVAL, failures).map(|pause| pause.as_secs());
        assert_eq!([seconds(0), seconds(1), seconds(2), seconds(7)], [None, Some(30), Some(60), Some(1920)]);
        assert_eq!([seconds(8), seconds(40), seconds(u32::MAX)], [Some(3600); 3]);
    }

    /// A partner that is a target anyway is not pushed to twice.
    #[test]
    fn targets_are_pushed_to_once() {
        let mut sources = Sources::default();
        for (name, value) in [
            ("PKS_TO", "hkp://192.0.2.1,vks://keys.example.org"),
            ("CONFLUX_RECON_PARTNER_A_HTTPADDR", "192.0.2.1:11371"),
            ("CONFLUX_RECON_PARTNER_A_PKSFAILOVER", "true"),
            ("CONFLUX_RECON_PARTNER_B_HTTPADDR", "192.0.2.2:80"),
            ("CONFLUX_RECON_PARTNER_B_PKSFAILOVER", "true"),
            ("CONFLUX_RECON_PARTNER_C_HTTPADDR", "192.0.2.3:80"),
        ] {
            sources.environment.insert(format!("HOCKEYPUCK_{name}"), value.to_owned());
        }
        let targets = targets(&Config::load(&sources).usable().unwrap().0);
        let shown: Vec<_> = targets.iter().map(|t| (t.address.to_string(), t.instead_of.as_deref())).collect();
        let expected =
            [("hkp://192.0.2.1:11371", None), ("vks://keys.example.org:443", None), ("hkp://192.0.2.2:80", Some("b"))];
        assert_eq!(shown, expected.map(|(address, partner)| (address.to_owned(), partner)));
    }
}
