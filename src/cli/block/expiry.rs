//! When a block ends.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// A time, or a duration from `now` on; in seconds since 1970.
pub(super) fn parse(text: &str, now: Timestamp) -> Result<i64, String> {
    let duration = || text.parse::<Span>().ok().and_then(|span| now.to_zoned(TimeZone::UTC).checked_add(span).ok());
    let time = text.parse::<Timestamp>().ok().or_else(|| duration().map(|zoned| zoned.timestamp()));
    let Some(time) = time else {
        return Err(format!(
            "--expires {text:?}: expected a time such as 2027-01-31T12:00:00Z or a duration such as 30d"
        ));
    };
    if time > now { Ok(time.as_second()) } else { Err(format!("--expires {text:?}: this is not in the future")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times and durations are told apart, and nothing that has ended already is taken.
    #[test]
    fn times_and_durations_are_read() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-11-22T13:00:00Z", Some("2026-11-22T13:00:00Z")),
            ("2026-11-22T13:00:00+01:00", None),
            ("1h", Some("2026-11-22T13:00:00Z")),
            ("30d", Some("2026-12-22T12:00:00Z")),
            ("2 weeks", Some("2026-12-06T12:00:00Z")),
            ("1y", Some("2027-11-22T12:00:00Z")),
            ("P1M", Some("2026-12-22T12:00:00Z")),
            ("-1h", None),
            ("0s", None),
            ("30", None),
            ("", None),
            ("soon", None),
            ("99999999y", None),
        ] {
            let expected = expected.map(|time| time.parse::<Timestamp>().unwrap().as_second());
            assert_eq!(parse(text, now).ok(), expected, "{text}");
        }
    }
}
