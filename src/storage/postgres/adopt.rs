//! Hockeypuck's tables `keys` and `subkeys`, and how far they have been read.
//!
//! They are only ever read, by single short statements. Nothing that Hockeypuck does waits for them longer than one
//! of them runs.

mod find;
mod passes;
mod rows;
mod status;
mod tables;

use std::time::Duration;

use async_trait::async_trait;

use super::PostgresStore;
use crate::domain::{Digest, Fingerprint};
use crate::storage::StorageError;
use crate::storage::adopt::{AdoptionStorage, Foreign, Pass, Row, Step, Turn, Wanted};
use crate::storage::pool::run;

pub use find::{BY_DIGESTS, BY_FINGERPRINT, BY_KEYS, BY_KEYS_OF_ANY_VERSION, BY_WORDS};
pub use rows::{DOCUMENTS, PAGE};

#[async_trait]
impl AdoptionStorage for PostgresStore {
    async fn find_foreign(&self) -> Result<Foreign, StorageError> {
        run!(self.connections.writing(), passes::find_foreign)
    }

    async fn find_changed(&self) -> Result<bool, StorageError> {
        run!(self.connections.scanning(), passes::find_changed)
    }

    async fn is_adopting(&self) -> Result<bool, StorageError> {
        run!(self.connections.reading(), passes::is_adopting)
    }

    async fn take_turn(&self, unit: &str, lease: Duration, by_force: bool) -> Result<Option<Turn>, StorageError> {
        run!(self.connections.writing(), passes::take_turn, unit, lease, by_force)
    }

    async fn measure(&self, pass: i64) -> Result<(), StorageError> {
        run!(self.connections.scanning(), passes::measure, pass)
    }

    async fn renew(&self, pass: i64, unit: &str, lease: Duration) -> Result<bool, StorageError> {
        run!(self.connections.writing(), passes::renew, pass, unit, lease)
    }

    async fn rows(&self, turn: &Turn, reached: &str, limit: u32) -> Result<Vec<Row>, StorageError> {
        run!(self.connections.reading(), rows::page, turn, reached, limit)
    }

    async fn unread_rows(&self, wanted: Wanted<'_>, limit: u32) -> Result<Vec<Row>, StorageError> {
        run!(self.connections.reading(), find::unread, wanted, limit)
    }

    async fn documents(&self, names: &[&str]) -> Result<Vec<(String, String)>, StorageError> {
        run!(self.connections.reading(), rows::documents, names)
    }

    async fn advance(&self, step: Step<'_>) -> Result<bool, StorageError> {
        run!(self.connections.writing(), passes::advance, &step)
    }

    async fn finish(&self, pass: i64, unit: &str) -> Result<bool, StorageError> {
        run!(self.connections.scanning(), passes::finish, pass, unit)
    }

    async fn give_back(&self, pass: i64, unit: &str) -> Result<(), StorageError> {
        run!(self.connections.writing(), passes::give_back, pass, unit)
    }

    async fn adoption(&self) -> Result<Vec<Pass>, StorageError> {
        run!(self.connections.reading(), status::passes)
    }

    async fn foreign_digests(&self, of: &[Fingerprint]) -> Result<Vec<(Fingerprint, Digest)>, StorageError> {
        run!(self.connections.reading(), rows::digests, of)
    }
}
