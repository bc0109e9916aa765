//! Times as text.

use jiff::Timestamp;

/// RFC 3339 in UTC and whole seconds, such as `2026-11-22T07:16:18Z`. Seconds are since 1970;
/// times after the year 9999 are shown as its end.
pub fn rfc3339(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The day alone, such as `2026-11-22`.
pub fn day(seconds: u64) -> String {
    rfc3339(seconds).chars().take("2026-11-22".len()).collect()
}
