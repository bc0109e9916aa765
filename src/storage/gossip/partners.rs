//! Whose turn a partner is, and what was last heard of it.

use std::time::Duration;

use super::link::{Link, Sql, execute, fetch_all, sql};
use super::time::milliseconds;
use crate::storage::StorageError;

/// The most kinds of events that are read of a partner, on average.
const KINDS_LIMIT: u32 = 32;

/// $1: partner, $2: unit, $3: interval. The row's lock decides between units; who waited for it sees that it is not due.
pub const LEASE: Sql = sql!(
    "INSERT INTO partners (name, next_due, owner) VALUES ($1, " now " + $3, $2) \
     ON CONFLICT (name) DO UPDATE SET next_due = excluded.next_due, owner = excluded.owner \
     WHERE partners.next_due <= " now
);

/// $1: partner, $2: unit, $3: delay.
const RESCHEDULE: Sql = sql!("UPDATE partners SET next_due = " now " + $3 WHERE name = $1 AND owner = $2");

/// $1: partner.
const ADD: Sql = sql!("INSERT INTO partners (name, next_due) VALUES ($1, 0) ON CONFLICT DO NOTHING");

/// $1: partner, $2: kind, $3: unit, $4: detail.
const EVENT: Sql = sql!(
    "INSERT INTO partner_events (partner, kind, at, unit, detail) VALUES ($1, $2, " now ", $3, $4) \
     ON CONFLICT (partner, kind) DO UPDATE SET at = excluded.at, unit = excluded.unit, detail = excluded.detail"
);

/// $1: limit.
const LIST: Sql = sql!("SELECT name, next_due, owner FROM partners ORDER BY name LIMIT $1");

/// $1: the last partner, $2: limit.
const EVENTS: Sql = sql!(
    "SELECT partner, kind, at, unit, detail FROM partner_events WHERE partner <= $1 ORDER BY partner, kind LIMIT $2"
);

/// A partner as all units see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerState {
    pub name: String,
    /// When the next turn is due; 0 when there was none.
    pub next_due: i64,
    /// The unit whose turn was the last.
    pub owner: Option<String>,
    /// The last of each kind, in order of the kinds.
    pub events: Vec<PartnerEvent>,
}

/// The last event of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerEvent {
    pub kind: String,
    pub at: i64,
    pub unit: String,
    /// Whatever the units agreed on, such as JSON.
    pub detail: String,
}

pub async fn lease(link: Link<'_>, name: &str, unit: &str, interval: Duration) -> Result<bool, StorageError> {
    Ok(execute!(link, LEASE, name, unit, milliseconds(interval))? > 0)
}

pub async fn reschedule(link: Link<'_>, name: &str, unit: &str, delay: Duration) -> Result<bool, StorageError> {
    Ok(execute!(link, RESCHEDULE, name, unit, milliseconds(delay))? > 0)
}

/// Locks: the partner, its event.
pub async fn event(mut link: Link<'_>, name: &str, kind: &str, unit: &str, detail: &str) -> Result<(), StorageError> {
    let mut work = link.begin().await?;
    execute!(work.link(), ADD, name)?;
    execute!(work.link(), EVENT, name, kind, unit, detail)?;
    work.commit().await
}

pub async fn states(mut link: Link<'_>, limit: u32) -> Result<Vec<PartnerState>, StorageError> {
    let mut work = link.begin_snapshot().await?;
    let rows: Vec<(String, i64, Option<String>)> = fetch_all!(work.link(), LIST, i64::from(limit))?;
    let last = rows.last().map(|(name, ..)| name.clone()).unwrap_or_default();
    let events_limit = i64::from(limit) * i64::from(KINDS_LIMIT);
    let events: Vec<(String, String, i64, String, String)> =
        fetch_all!(work.link(), EVENTS, last.as_str(), events_limit)?;
    work.commit().await?;
    let mut events = events.into_iter().peekable();
    let mut states = Vec::with_capacity(rows.len());
    for (name, next_due, owner) in rows {
        let mut own = Vec::new();
        while let Some((_, kind, at, unit, detail)) = events.next_if(|(partner, ..)| *partner == name) {
            own.push(PartnerEvent { kind, at, unit, detail });
        }
        states.push(PartnerState { name, next_due, owner, events: own });
    }
    Ok(states)
}
