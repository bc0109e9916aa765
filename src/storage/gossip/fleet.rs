//! The operations of [`FleetStorage`]: each is one statement or a few, of `partners`, `units` and `push`.

use std::time::Duration;

use async_trait::async_trait;

use super::link::{Engine, Link, Sql, execute, sql};
use super::time::milliseconds;
use super::{
    FleetStorage, PartnerState, PushState, RequestId, UnitAnswer, UnitReport, UnitRequest, UnitState, partners, push,
    units,
};
use crate::storage::StorageError;
use crate::storage::pool::run;

/// $1: age, $2: limit.
const PRUNE: [Sql; 4] = [
    sql!(
        "DELETE FROM units WHERE id IN ( \
             SELECT id FROM units WHERE seen_at < " now " - $1 ORDER BY id LIMIT $2" unlocked_only ")"
    ),
    sql!(
        "DELETE FROM push_targets WHERE target IN ( \
             SELECT target FROM push_targets WHERE seen_at < " now " - $1 ORDER BY target LIMIT $2" unlocked_only ")"
    ),
    // Events go with their partner.
    sql!(
        "DELETE FROM partners WHERE name IN ( \
             SELECT name FROM partners AS p WHERE next_due < " now " - $1 AND NOT EXISTS ( \
                 SELECT 1 FROM partner_events AS e WHERE e.partner = p.name AND e.at >= " now " - $1) \
             ORDER BY name LIMIT $2" unlocked_only ")"
    ),
    // Answers go with their request.
    sql!(
        "DELETE FROM unit_requests WHERE id IN ( \
             SELECT id FROM unit_requests WHERE requested_at < " now " - $1 ORDER BY id LIMIT $2" unlocked_only ")"
    ),
];

#[async_trait]
impl<E: Engine> FleetStorage for E {
    async fn lease_partner(&self, name: &str, unit: &str, interval: Duration) -> Result<bool, StorageError> {
        run!(self.writing(), via E::link, partners::lease, name, unit, interval)
    }

    async fn reschedule_partner(&self, name: &str, unit: &str, delay: Duration) -> Result<bool, StorageError> {
        run!(self.writing(), via E::link, partners::reschedule, name, unit, delay)
    }

    async fn partner_event(&self, name: &str, kind: &str, unit: &str, detail: &str) -> Result<(), StorageError> {
        run!(self.writing(), via E::link, partners::event, name, kind, unit, detail)
    }

    async fn partner_states(&self, limit: u32) -> Result<Vec<PartnerState>, StorageError> {
        run!(self.reading(), via E::link, partners::states, limit)
    }

    async fn unit_seen(&self, report: UnitReport<'_>) -> Result<(), StorageError> {
        run!(self.writing(), via E::link, units::seen, report)
    }

    async fn unit_gone(&self, unit: &str) -> Result<(), StorageError> {
        run!(self.writing(), via E::link, units::gone, unit)
    }

    async fn units(&self, limit: u32) -> Result<Vec<UnitState>, StorageError> {
        run!(self.reading(), via E::link, units::list, limit)
    }

    async fn request(&self, kind: &str) -> Result<RequestId, StorageError> {
        run!(self.writing(), via E::link, units::request, kind)
    }

    async fn last_request(&self) -> Result<RequestId, StorageError> {
        run!(self.reading(), via E::link, units::last_request)
    }

    async fn requests(&self, after: RequestId, limit: u32) -> Result<Vec<UnitRequest>, StorageError> {
        run!(self.reading(), via E::link, units::requests, after, limit)
    }

    async fn answer(&self, request: RequestId, unit: &str, text: &str) -> Result<(), StorageError> {
        run!(self.writing(), via E::link, units::answer, request, unit, text)
    }

    async fn answers(&self, request: RequestId, limit: u32) -> Result<Vec<UnitAnswer>, StorageError> {
        run!(self.reading(), via E::link, units::answers, request, limit)
    }

    async fn push_state(&self, target: &str) -> Result<Option<PushState>, StorageError> {
        run!(self.reading(), via E::link, push::get, target)
    }

    async fn put_push_state(&self, target: &str, state: &PushState) -> Result<(), StorageError> {
        run!(self.writing(), via E::link, push::put, target, state)
    }

    async fn push_states(&self, limit: u32) -> Result<Vec<(String, PushState)>, StorageError> {
        run!(self.reading(), via E::link, push::list, limit)
    }

    async fn prune_fleet(&self, silence: Duration, limit: u32) -> Result<(), StorageError> {
        for statement in PRUNE {
            run!(self.writing(), via E::link, prune, statement, silence, limit)?;
        }
        Ok(())
    }
}

async fn prune(link: Link<'_>, statement: Sql, silence: Duration, limit: u32) -> Result<u64, StorageError> {
    execute!(link, statement, milliseconds(silence), i64::from(limit))
}
