//! Signed requests.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hockeypuck::cert::admin::{TARGETS_LIMIT, replacements, targets, verify};
use hockeypuck::cert::{self, Limits};

const ADMINISTRATOR: &str = include_str!("../../tests/data/http/admin.asc");
/// What signatures in the corpus are of.
const TEXT: &[u8] = b"/pks/delete\nnothing\n";
/// Seconds since 1970, at which the administrator's key is good.
const NOW: u64 = 1_800_000_000;

/// Whatever comes as a signature is good for one text at most; whatever comes as a request names some certificates or
/// none, and with limits no more than without.
pub fn admin(data: &[u8]) {
    let administrators = cert::decode(&Bytes::from_static(ADMINISTRATOR.as_bytes())).expect("it is armored");
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let signed = |text: &[u8]| verify(data, text, &administrators, now);
    if signed(TEXT).is_ok() {
        assert!(signed(b"/pks/delete\nsomething\n").is_err(), "it is of one text");
        assert!(verify(data, TEXT, &[], now).is_err(), "without administrators nobody is one");
        assert_eq!(signed(TEXT), signed(TEXT));
    }
    let text = Bytes::copy_from_slice(data);
    let named = targets(&text);
    if let Ok(named) = &named {
        assert!(matches!(named.len(), 1..=TARGETS_LIMIT));
    }
    if let Ok(certificates) = replacements(&text, Limits::default()) {
        assert_eq!(Some(certificates.len()), named.ok().map(|named| named.len()));
    }
}
