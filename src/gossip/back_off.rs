//! Pauses that double with each failure in a row.

use std::time::Duration;

/// `first` doubled so many times, and at most `last`.
pub fn doubled(first: Duration, times: u32, last: Duration) -> Duration {
    let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(last)
}
