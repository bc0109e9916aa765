//! When an X.509 certificate ends (RFC 5280, section 4.1).

use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};

/// In seconds since 1970; `None` when it cannot be read.
pub(super) fn not_after(certificate: &[u8]) -> Option<u64> {
    read(certificate).ok()
}

/// `Validity` stands in the signed part, after serial number, signature algorithm and issuer.
fn read(certificate: &[u8]) -> der::Result<u64> {
    let mut certificate = within(&mut SliceReader::new(certificate)?)?;
    let mut fields = within(&mut certificate)?;
    // The version is left out of version 1.
    if fields.peek_tag()?.is_context_specific() {
        AnyRef::decode(&mut fields)?;
    }
    for _before_validity in 0..3 {
        AnyRef::decode(&mut fields)?;
    }
    let mut validity = within(&mut fields)?;
    AnyRef::decode(&mut validity)?;
    let end = AnyRef::decode(&mut validity)?;
    let since_1970 = match end.tag() {
        Tag::UtcTime => UtcTime::try_from(end)?.to_unix_duration(),
        _ => GeneralizedTime::try_from(end)?.to_unix_duration(),
    };
    Ok(since_1970.as_secs())
}

/// What the next element holds.
fn within<'a>(reader: &mut SliceReader<'a>) -> der::Result<SliceReader<'a>> {
    SliceReader::new(AnyRef::decode(reader)?.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `SEQUENCE { SEQUENCE { [0] 2, serial, algorithm, issuer, SEQUENCE { from, to } } }`
    fn certificate(version: &str, end: &str) -> Vec<u8> {
        let wrap = |hex: String| format!("30{:02x}{hex}", hex.len() / 2);
        let validity = wrap(format!("170d3236303130313030303030305a{end}"));
        hex::decode(wrap(wrap(format!("{version}02010130003000{validity}")))).unwrap()
    }

    /// Both forms of time are read, in certificates of every version; what is no certificate has no end.
    #[test]
    fn both_forms_of_time_are_read() {
        let utc = "170d3236313232343030303030305a";
        let general = "180f32303531303130313030303030305a";
        assert_eq!(not_after(&certificate("a003020102", utc)), Some(1_798_070_400));
        assert_eq!(not_after(&certificate("", utc)), Some(1_798_070_400));
        assert_eq!(not_after(&certificate("a003020102", general)), Some(2_556_144_000));
        for length in 0..certificate("", utc).len() {
            assert_eq!(not_after(&certificate("", utc)[..length]), None);
        }
        assert_eq!(not_after(&certificate("", "0500")), None);
    }
}
