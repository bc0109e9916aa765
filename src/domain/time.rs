//! Times as text.

use jiff::Timestamp;

/// A time that is shown by RFC 3339 in UTC and whole seconds, such as `2026-11-22T07:16:18Z`. Seconds
/// are since 1970; times after the year 9999 are shown as its end.
pub fn rfc3339(seconds: u64) -> Timestamp {
    let last = Timestamp::MAX.as_second();
    let seconds = i64::try_from(seconds).map_or(last, |seconds| seconds.min(last));
    Timestamp::from_second(seconds).unwrap_or_default()
}

/// The day alone, such as `2026-11-22`.
pub fn day(seconds: u64) -> String {
    rfc3339(seconds).to_string().chars().take("2026-11-22".len()).collect()
}
