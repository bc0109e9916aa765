//! When a session is opened, and with whom.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::back_off::doubled;
use crate::config::Recon;

/// The longest time in which a partner that fails is left alone.
const BACK_OFF_LIMIT: Duration = Duration::from_secs(1800);
/// The interval varies by this part of it in both directions, so that servers do not fall into step.
const JITTER_PART: u64 = 10;

/// How a session with a partner ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Both sides know all differences.
    Whole,
    /// There are more differences than one session may find.
    Capped,
    /// The partner was not reached, refused, or the session broke off.
    Failed,
}

/// The partners that this server contacts.
#[derive(Clone, Debug)]
pub struct Schedule {
    interval: Duration,
    partners: BTreeMap<String, State>,
}

#[derive(Clone, Debug)]
struct State {
    weight: u32,
    /// In a row.
    failures: u32,
    is_urgent: bool,
    not_before: Option<Instant>,
}

impl Schedule {
    pub fn new(recon: &Recon) -> Self {
        let contacted = recon.partners.iter().filter(|partner| partner.recon.is_some());
        let states = contacted.filter_map(|partner| Some((partner.name.clone(), State::new(partner.weight?))));
        Self { interval: recon.gossip_interval, partners: states.collect() }
    }

    /// Whether nobody is ever contacted.
    pub fn is_empty(&self) -> bool {
        self.partners.is_empty()
    }

    /// How long to wait for the next choice.
    pub fn pause(&self, random: u64) -> Duration {
        let millis = u64::try_from(self.interval.as_millis()).unwrap_or(u64::MAX);
        let span = millis / JITTER_PART;
        Duration::from_millis(millis - span + random % (2 * span + 1))
    }

    /// A partner by weight, among those with unfinished business if there are any; `None` when all are left alone.
    pub fn choose(&self, now: Instant, random: u64) -> Option<&str> {
        let ready = || self.partners.iter().filter(|(_, state)| state.is_ready(now));
        let only_urgent = ready().any(|(_, state)| state.is_urgent);
        let candidates = || ready().filter(|(_, state)| state.is_urgent || !only_urgent);
        let total: u64 = candidates().map(|(_, state)| u64::from(state.weight)).sum();
        let mut rest = random.checked_rem(total)?;
        for (name, state) in candidates() {
            match rest.checked_sub(state.weight.into()) {
                Some(less) => rest = less,
                None => return Some(name),
            }
        }
        None
    }

    /// Lets a partner be chosen before others.
    pub fn urge(&mut self, name: &str) {
        self.partners.get_mut(name).into_iter().for_each(|state| state.is_urgent = true);
    }

    /// Learns that another unit looks after a partner.
    pub fn taken(&mut self, name: &str) {
        self.partners.get_mut(name).into_iter().for_each(|state| state.is_urgent = false);
    }

    /// Learns how a session went that this server opened.
    pub fn ended(&mut self, name: &str, how: Ended, now: Instant) {
        let interval = self.interval;
        let Some(state) = self.partners.get_mut(name) else { return };
        state.is_urgent = how == Ended::Capped;
        state.failures = if how == Ended::Failed { state.failures.saturating_add(1) } else { 0 };
        state.not_before = match state.failures {
            0 => None,
            failures => Some(now + doubled(interval, failures - 1, BACK_OFF_LIMIT.max(interval))),
        };
    }
}

impl State {
    fn new(weight: u32) -> Self {
        Self { weight, failures: 0, is_urgent: false, not_before: None }
    }

    fn is_ready(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|time| time <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    fn schedule(weights: &[(&str, i64)]) -> Schedule {
        let mut sources = Sources::default();
        for (name, weight) in weights {
            let prefix = format!("HOCKEYPUCK_CONFLUX_RECON_PARTNER_{name}");
            sources.environment.insert(format!("{prefix}_RECONADDR"), "192.0.2.1:11370".to_owned());
            sources.environment.insert(format!("{prefix}_WEIGHT"), weight.to_string());
        }
        Schedule::new(&Config::load(&sources).usable().unwrap().0.recon)
    }

    fn shares(schedule: &Schedule, now: Instant) -> BTreeMap<&str, u64> {
        let mut counts = BTreeMap::new();
        for random in 0..1000 {
            *counts.entry(schedule.choose(now, random).unwrap()).or_default() += 1;
        }
        counts
    }

    /// Weights are shares; a negative one means never, and none is the common one.
    #[test]
    fn partners_are_chosen_by_weight() {
        let schedule = schedule(&[("A", 300), ("B", 0), ("C", -1), ("D", 600)]);
        assert_eq!(shares(&schedule, Instant::now()), BTreeMap::from([("a", 300), ("b", 100), ("d", 600)]));
    }

    /// Without partners to contact there is no choice, and no division by nothing.
    #[test]
    fn there_may_be_nobody() {
        assert!(schedule(&[]).is_empty());
        assert_eq!(schedule(&[("A", -5)]).choose(Instant::now(), 7), None);
    }

    /// The pause stays within a tenth of the interval of a minute, at both ends too.
    #[test]
    fn pauses_vary() {
        let schedule = schedule(&[("A", 1)]);
        let pauses: Vec<Duration> = (0..=12_000).map(|random| schedule.pause(random)).collect();
        assert_eq!(pauses.iter().min(), Some(&Duration::from_secs(54)));
        assert_eq!(pauses.iter().max(), Some(&Duration::from_secs(66)));
        assert!(schedule.pause(u64::MAX) <= Duration::from_secs(66));
    }

    /// A partner that fails is left alone for longer each time, up to a limit, while others have their turn.
    #[test]
    fn failures_back_off() {
        let mut schedule = schedule(&[("A", 1), ("B", 1)]);
        let start = Instant::now();
        for minutes in [1, 2, 4, 8, 16, 30, 30] {
            schedule.ended("a", Ended::Failed, start);
            let wait = Duration::from_secs(60 * minutes);
            assert_eq!(shares(&schedule, start + wait - Duration::from_secs(1)), BTreeMap::from([("b", 1000)]));
            assert_eq!(shares(&schedule, start + wait).len(), 2);
        }
        schedule.ended("a", Ended::Whole, start);
        assert_eq!(shares(&schedule, start).len(), 2);
    }

    /// Who is new is contacted first, by one unit.
    #[test]
    fn new_partners_are_urgent() {
        let mut schedule = schedule(&[("A", 1), ("B", 1000)]);
        let now = Instant::now();
        schedule.urge("a");
        assert_eq!(shares(&schedule, now), BTreeMap::from([("a", 1000)]));
        schedule.taken("a");
        assert_eq!(shares(&schedule, now).len(), 2);
    }

    /// Who has more differences than one session finds is contacted first.
    #[test]
    fn unfinished_business_is_urgent() {
        let mut schedule = schedule(&[("A", 1), ("B", 1000)]);
        let now = Instant::now();
        schedule.ended("a", Ended::Capped, now);
        assert_eq!(shares(&schedule, now), BTreeMap::from([("a", 1000)]));
        schedule.ended("a", Ended::Whole, now);
        assert_eq!(shares(&schedule, now).len(), 2);
    }
}
