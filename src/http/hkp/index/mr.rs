//! The machine-readable index: lines of colon-separated fields, which every client parses.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::domain::Summary;
use crate::storage::StoredSummary;

/// Besides all that is not seven-bit: separators, what starts an escape, line ends and other
/// controls, and the plus sign, which some clients read as a space.
const ESCAPED: &AsciiSet = &CONTROLS.add(b':').add(b'%').add(b'+');

/// The whole index. `now` decides what has expired, in seconds since 1970.
pub(super) fn render(found: &[StoredSummary], now: i64) -> String {
    let mut text = format!("info:1:{}\n", found.len());
    for stored in found {
        render_certificate(&mut text, &stored.summary, now);
    }
    text
}

/// Seven fields a key and five a user ID: clients take no more and no fewer.
fn render_certificate(text: &mut String, summary: &Summary, now: i64) {
    let key = &summary.key;
    let fingerprint = hex::encode_upper(key.fingerprint.as_bytes());
    let (code, bits, created) = (key.algorithm.code, key.algorithm.bits, key.created);
    let expires = or_empty(key.expires);
    let flags = flags(summary.revoked, key.expires, now);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "pub:{fingerprint}:{code}:{bits}:{created}:{expires}:{flags}");
    for user_id in &summary.user_ids {
        let escaped = escape(&user_id.text);
        let created = or_empty(user_id.valid_since.map(u64::from));
        let expires = or_empty(user_id.expires);
        let flags = self::flags(user_id.revoked, user_id.expires, now);
        let _ = writeln!(text, "uid:{escaped}:{created}:{expires}:{flags}");
    }
}

fn escape(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, ESCAPED)
}

fn flags(revoked: bool, expires: Option<u64>, now: i64) -> &'static str {
    match (revoked, super::has_expired(expires, now)) {
        (true, true) => "re",
        (true, false) => "r",
        (false, true) => "e",
        (false, false) => "",
    }
}

fn or_empty(seconds: Option<u64>) -> String {
    seconds.map_or_else(String::new, |seconds| seconds.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Whatever a user ID holds, it stays in one field of one seven-bit line and decodes to itself,
        /// also in clients that take a plus sign for a space.
        #[test]
        fn user_ids_round_trip(text in "\\PC*|[%:+\\r\\n\\x00-\\x7f]*") {
            let escaped = escape(&text).to_string();
            assert!(escaped.bytes().all(|octet| (0x20..0x7f).contains(&octet) && octet != b':' && octet != b'+'));
            let decoded = percent_encoding::percent_decode_str(&escaped).decode_utf8().unwrap();
            assert_eq!(decoded, text);
        }
    }

    /// A key that expires at this second has expired; one that never does has not.
    #[test]
    fn flags_tell_revoked_and_expired() {
        assert_eq!(flags(false, Some(100), 100), "e");
        assert_eq!(flags(true, Some(99), 100), "re");
        assert_eq!(flags(true, Some(101), 100), "r");
        assert_eq!(flags(false, None, 100), "");
    }
}
