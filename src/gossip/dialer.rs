//! Sessions that this server opens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::schedule::{Ended, Schedule};
use super::sessions::Sessions;
use crate::config::{Partner, Recon};

/// The pause before the next session when the last one left differences, and for the first one.
const SHORT_PAUSE: Duration = Duration::from_secs(1);

/// How often in an interval a unit asks whose turn a partner is while it is another unit's: when that one dies,
/// the next session is hardly late.
const RETRIES: u32 = 10;

/// What came of a turn.
enum Turn {
    /// A session was held.
    Held(Ended),
    /// Another unit had the turn.
    Taken,
    /// There is nobody to contact, or nothing to compare.
    Nobody,
}

/// Opens one session after another.
pub struct Dialer {
    sessions: Arc<Sessions>,
    schedule: Schedule,
    partners: Vec<Partner>,
    interval: Duration,
    /// Whether turns of this unit that it took for a longer interval are given up at the start.
    gives_up_turns: bool,
}

impl Dialer {
    /// Follows on one with the configuration `before`, if there is one: contacts the new partners first.
    pub fn new(sessions: Arc<Sessions>, recon: &Recon, before: Option<&Recon>) -> Self {
        let (mut schedule, partners) = (Schedule::new(recon), recon.partners.clone());
        let is_new = |partner: &&Partner| {
            before.is_some_and(|before| before.partners.iter().all(|known| known.name != partner.name))
        };
        partners.iter().filter(is_new).for_each(|partner| schedule.urge(&partner.name));
        let gives_up_turns = before.is_some_and(|before| before.gossip_interval > recon.gossip_interval);
        Self { sessions, schedule, partners, interval: recon.gossip_interval, gives_up_turns }
    }

    /// Opens sessions until `stop`, which also ends the one under way.
    pub async fn run(mut self, stop: CancellationToken) {
        if self.schedule.is_empty() {
            return stop.cancelled().await;
        }
        let _ = stop.run_until_cancelled(self.forever()).await;
    }

    async fn forever(&mut self) {
        if self.gives_up_turns {
            self.give_up_turns().await;
        }
        let mut pause = SHORT_PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            let whole = self.schedule.pause((self.sessions.random)());
            pause = match self.turn().await {
                Turn::Held(Ended::Capped) => SHORT_PAUSE,
                Turn::Held(Ended::Whole | Ended::Failed) | Turn::Nobody => whole,
                Turn::Taken => whole / RETRIES,
            };
        }
    }

    /// Ends turns that would last for an interval that is no longer in force.
    async fn give_up_turns(&self) {
        let store = self.sessions.keyring.store().gossip();
        for partner in &self.partners {
            if let Err(error) = store.reschedule_partner(&partner.name, &self.sessions.unit, Duration::ZERO).await {
                tracing::warn!(%error, "a turn with a partner ends later than it could");
            }
        }
    }

    /// Reconciles with one partner, unless another unit did so within the interval.
    async fn turn(&mut self) -> Turn {
        let name = self.schedule.choose(Instant::now(), (self.sessions.random)()).map(str::to_owned);
        let partner = self.partners.iter().find(|partner| Some(&partner.name) == name.as_ref());
        let (Some(partner), Some(name), Some(_)) = (partner, &name, self.sessions.index.snapshot()) else {
            return Turn::Nobody;
        };
        let (store, unit) = (self.sessions.keyring.store().clone(), self.sessions.unit.clone());
        // A tenth less than the interval, from which the pauses vary by as much.
        let is_ours = match store.gossip().lease_partner(name, &unit, self.interval.mul_f64(0.9)).await {
            Ok(is_ours) => is_ours,
            Err(error) => {
                tracing::warn!(%error, "whose turn a partner is cannot be read");
                return Turn::Nobody;
            }
        };
        if !is_ours {
            self.schedule.taken(name);
            return Turn::Taken;
        }
        let ended = self.sessions.outgoing(partner).await;
        self.schedule.ended(name, ended, Instant::now());
        if ended == Ended::Capped
            && let Err(error) = store.gossip().reschedule_partner(name, &unit, Duration::ZERO).await
        {
            tracing::warn!(%error, "an early next turn could not be noted");
        }
        Turn::Held(ended)
    }
}
