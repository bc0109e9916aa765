//! Whose turn it is.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Done;
use super::pace::Pace;
use crate::gossip::back_off::doubled;

/// How long a partner's queue is left alone after it was empty. Those that other units filled and left are
/// found after it.
const IDLE_PAUSE: Duration = Duration::from_secs(15);
/// The pause after the first failure of a partner or the store; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(300);

/// The partners with the state of their queues.
#[derive(Debug)]
pub(super) struct Backlog {
    partners: BTreeMap<String, State>,
    per_partner: usize,
    in_all: usize,
    /// The partner after which the next turn is looked for, so that each has one.
    last: String,
}

/// A partner may be asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub partner: String,
    /// The most digests.
    pub batch: u32,
}

#[derive(Clone, Debug)]
struct State {
    pace: Pace,
    turns: usize,
    due: Instant,
    failures: u32,
}

impl Backlog {
    pub(super) fn new(per_partner: usize, in_all: usize) -> Self {
        Self { partners: BTreeMap::new(), per_partner: per_partner.max(1), in_all, last: String::new() }
    }

    /// Those that can be asked, sorted; others are forgotten when their turns have ended.
    pub(super) fn learn(&mut self, names: Vec<String>) {
        self.partners.retain(|name, state| state.turns > 0 || names.binary_search(name).is_ok());
        for name in names {
            self.partners.entry(name).or_insert_with(State::new);
        }
    }

    /// Takes the next turn that is due, if there is one.
    pub(super) fn next(&mut self, now: Instant) -> Option<Turn> {
        if self.partners.values().map(|state| state.turns).sum::<usize>() >= self.in_all {
            return None;
        }
        let per_partner = self.per_partner;
        let is_ready = |state: &State| state.due <= now && state.turns < state.allowed(per_partner);
        let ready: Vec<&String> =
            self.partners.iter().filter(|(_, state)| is_ready(state)).map(|(name, _)| name).collect();
        let partner = (*ready.iter().find(|name| name.as_str() > self.last.as_str()).or(ready.first())?).clone();
        self.last.clone_from(&partner);
        let state = self.partners.get_mut(&partner)?;
        state.turns += 1;
        Some(Turn { partner, batch: state.pace.batch() })
    }

    /// How long until somebody's turn is due by time alone.
    pub(super) fn until_next(&self, now: Instant) -> Duration {
        let waiting = self.partners.values().map(|state| state.due).filter(|due| *due > now);
        waiting.min().map_or(IDLE_PAUSE, |due| due.saturating_duration_since(now))
    }

    /// The partner offers something new.
    pub(super) fn wake(&mut self, partner: &str, now: Instant) {
        if let Some(state) = self.partners.get_mut(partner).filter(|state| state.failures == 0) {
            state.due = now;
        }
    }

    pub(super) fn ended(&mut self, partner: &str, done: Done, now: Instant) {
        let Some(state) = self.partners.get_mut(partner) else { return };
        state.turns = state.turns.saturating_sub(1);
        match done {
            Done::Idle => state.due = now + IDLE_PAUSE,
            Done::Answered => {
                state.failures = 0;
                state.pace.answered();
                state.due = now;
            }
            Done::Failed | Done::StoreFailed => {
                if done == Done::Failed {
                    state.pace.failed();
                }
                state.due = now + doubled(FIRST_PAUSE, state.failures, LAST_PAUSE);
                state.failures = state.failures.saturating_add(1);
            }
        }
    }

    /// A turn ended without a word; `running` are left of all.
    pub(super) fn forget_turns(&mut self, running: usize) {
        if running == 0 {
            self.partners.values_mut().for_each(|state| state.turns = 0);
        }
    }
}

impl State {
    fn new() -> Self {
        Self { pace: Pace::new(), turns: 0, due: Instant::now(), failures: 0 }
    }

    /// A partner that fails is tried with one request at a time.
    fn allowed(&self, per_partner: usize) -> usize {
        if self.failures > 0 { 1 } else { per_partner }
    }
}
