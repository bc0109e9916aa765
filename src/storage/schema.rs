//! Whether the schema in the database is the one that this program was built with.

use std::collections::BTreeMap;

use sqlx::FromRow;
use sqlx::migrate::{MigrateError, Migrator};

use super::StorageError;

/// The migrations that were applied; the table is sqlx's.
pub const APPLIED: &str = "SELECT version, success, checksum FROM _sqlx_migrations";

#[derive(FromRow)]
pub struct AppliedRow {
    version: i64,
    success: bool,
    checksum: Vec<u8>,
}

/// Compares what was applied with what `expected` contains.
pub fn compare(expected: &Migrator, applied: Vec<AppliedRow>) -> Result<(), StorageError> {
    let mut applied: BTreeMap<i64, AppliedRow> = applied.into_iter().map(|row| (row.version, row)).collect();
    for migration in expected.iter() {
        let version = migration.version;
        let row = applied.remove(&version).ok_or_else(|| older(version))?;
        if !row.success {
            return Err(StorageError::Schema(format!("migration {version} was interrupted")));
        }
        if row.checksum != *migration.checksum {
            return Err(StorageError::Schema(format!("migration {version} differs from this program's")));
        }
    }
    match applied.keys().next_back() {
        Some(version) => Err(newer(*version)),
        None => Ok(()),
    }
}

/// What a failed migration means to the caller.
pub fn migrate_error(error: MigrateError) -> StorageError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMissing(version) => newer(version),
        other => StorageError::Schema(other.to_string()),
    }
}

fn older(version: i64) -> StorageError {
    StorageError::Schema(format!("migration {version} is missing; run `hockeypuck migrate`"))
}

fn newer(version: i64) -> StorageError {
    StorageError::Schema(format!("migration {version} is from a newer program"))
}
