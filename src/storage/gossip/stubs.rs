//! Stubs.

use std::time::Duration;

use async_trait::async_trait;

use super::*;

fn pending<T>() -> Result<T, StorageError> {
    Err(StorageError::Schema("not built yet".into()))
}
#[async_trait]
impl<E: Engine> SetStorage for E {
    async fn digest_sets(&self) -> Result<DigestSets, StorageError> {
        pending()
    }
    async fn log_floor(&self) -> Result<i64, StorageError> {
        pending()
    }
    async fn prune_changes(&self, _: PruneLog) -> Result<u64, StorageError> {
        pending()
    }
}
#[async_trait]
impl<E: Engine> RecoveryStorage for E {
    async fn offer(&self, _: &str, _: Profile, _: &[Digest], _: u64) -> Result<OfferCounts, StorageError> {
        pending()
    }
    async fn claim(&self, _: Claimer<'_>, _: u32, _: Duration) -> Result<Vec<Claimed>, StorageError> {
        pending()
    }
    async fn missed(&self, _: Claimer<'_>, _: &[Miss]) -> Result<(), StorageError> {
        pending()
    }
    async fn resolved(&self, _: &[Digest]) -> Result<u64, StorageError> {
        pending()
    }
    async fn settle(&self, _: &[Settled]) -> Result<(), StorageError> {
        pending()
    }
    async fn unsettle(&self, _: &[Fingerprint]) -> Result<u64, StorageError> {
        pending()
    }
    async fn release(&self, _: &str) -> Result<u64, StorageError> {
        pending()
    }
    async fn prune_offers(&self, _: Duration, _: u32) -> Result<u64, StorageError> {
        pending()
    }
    async fn prune_settled(&self, _: Duration, _: u32) -> Result<u64, StorageError> {
        pending()
    }
    async fn ledger(&self, _: u32) -> Result<Ledger, StorageError> {
        pending()
    }
    async fn queued(&self, _: Option<(Digest, &str)>, _: u32) -> Result<Vec<QueuedDigest>, StorageError> {
        pending()
    }
    async fn settled(&self, _: Option<Digest>, _: u32) -> Result<Vec<Settled>, StorageError> {
        pending()
    }
}
#[async_trait]
impl<E: Engine> FleetStorage for E {
    async fn lease_partner(&self, _: &str, _: &str, _: Duration) -> Result<bool, StorageError> {
        pending()
    }
    async fn reschedule_partner(&self, _: &str, _: &str, _: Duration) -> Result<bool, StorageError> {
        pending()
    }
    async fn partner_event(&self, _: &str, _: &str, _: &str, _: &str) -> Result<(), StorageError> {
        pending()
    }
    async fn partner_states(&self, _: u32) -> Result<Vec<PartnerState>, StorageError> {
        pending()
    }
    async fn unit_seen(&self, _: UnitReport<'_>) -> Result<(), StorageError> {
        pending()
    }
    async fn unit_gone(&self, _: &str) -> Result<(), StorageError> {
        pending()
    }
    async fn units(&self, _: u32) -> Result<Vec<UnitState>, StorageError> {
        pending()
    }
    async fn request(&self, _: &str) -> Result<RequestId, StorageError> {
        pending()
    }
    async fn last_request(&self) -> Result<RequestId, StorageError> {
        pending()
    }
    async fn requests(&self, _: RequestId, _: u32) -> Result<Vec<UnitRequest>, StorageError> {
        pending()
    }
    async fn answer(&self, _: RequestId, _: &str, _: &str) -> Result<(), StorageError> {
        pending()
    }
    async fn answers(&self, _: RequestId, _: u32) -> Result<Vec<UnitAnswer>, StorageError> {
        pending()
    }
    async fn push_state(&self, _: &str) -> Result<Option<PushState>, StorageError> {
        pending()
    }
    async fn put_push_state(&self, _: &str, _: &PushState) -> Result<(), StorageError> {
        pending()
    }
    async fn push_states(&self, _: u32) -> Result<Vec<(String, PushState)>, StorageError> {
        pending()
    }
    async fn prune_fleet(&self, _: Duration, _: u32) -> Result<(), StorageError> {
        pending()
    }
}
pub trait Engine: Send + Sync + 'static {}
