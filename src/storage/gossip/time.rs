//! Durations and numbers as columns.

use std::time::Duration;

use crate::storage::StorageError;

/// Whole milliseconds, rounded up: what was to take some time never takes none.
pub fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

/// A count or an age. Clocks that are set back make ages negative; they count as none.
pub fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A count of attempts or failures.
pub fn attempts(table: &'static str, number: i32) -> Result<u32, StorageError> {
    u32::try_from(number).map_err(|_| StorageError::Inconsistent {
        table,
        column: "attempts",
        detail: number.to_string(),
    })
}
