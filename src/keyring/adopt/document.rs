//! The documents in which Hockeypuck 2.2, 2.3 and 2.4 keep certificates: JSON that tells much about every packet,
//! and has the packet itself as base64. Only the packets are taken; all else follows from them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer};

/// Packet type IDs.
const SIGNATURE: u8 = 2;
const KEY: u8 = 6;
const TRUST: u8 = 12;
const USER_ID: u8 = 13;
const SUBKEY: u8 = 14;

#[derive(Deserialize)]
struct Certificate<'a> {
    #[serde(borrow)]
    packet: Packet<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    trusts: Vec<Trust<'a>>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    signatures: Vec<Signature<'a>>,
    #[serde(borrow, default, rename = "userIDs", deserialize_with = "nullable")]
    user_ids: Vec<Component<'a>>,
    #[serde(borrow, default, rename = "subKeys", deserialize_with = "nullable")]
    subkeys: Vec<Component<'a>>,
}

/// A subkey or user ID.
#[derive(Deserialize)]
struct Component<'a> {
    #[serde(borrow)]
    packet: Packet<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    trusts: Vec<Trust<'a>>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    signatures: Vec<Signature<'a>>,
}

#[derive(Deserialize)]
struct Signature<'a> {
    #[serde(borrow)]
    packet: Packet<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    trusts: Vec<Trust<'a>>,
}

#[derive(Deserialize)]
struct Trust<'a> {
    #[serde(borrow)]
    packet: Packet<'a>,
}

#[derive(Deserialize)]
struct Packet<'a> {
    /// Base64 has no characters that JSON escapes, but the slash may be.
    #[serde(borrow)]
    data: std::borrow::Cow<'a, str>,
}

/// The packets of a document, in the order in which Hockeypuck serves them. The reason is a sentence.
pub(super) fn packets(document: &str) -> Result<Bytes, &'static str> {
    let Certificate { packet, trusts, signatures, user_ids, subkeys } =
        serde_json::from_str(document).map_err(|_| "the document has not the shape of a certificate")?;
    let mut out = Vec::with_capacity(document.len() / 2);
    Component { packet, trusts, signatures }.write(KEY, &mut out)?;
    for user_id in &user_ids {
        user_id.write(USER_ID, &mut out)?;
    }
    for subkey in &subkeys {
        subkey.write(SUBKEY, &mut out)?;
    }
    Ok(out.into())
}

impl Component<'_> {
    fn write(&self, tag: u8, out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.packet.write(tag, out)?;
        write_trusts(&self.trusts, out)?;
        for signature in &self.signatures {
            signature.packet.write(SIGNATURE, out)?;
            write_trusts(&signature.trusts, out)?;
        }
        Ok(())
    }
}

fn write_trusts(trusts: &[Trust<'_>], out: &mut Vec<u8>) -> Result<(), &'static str> {
    trusts.iter().try_for_each(|trust| trust.packet.write(TRUST, out))
}

impl Packet<'_> {
    fn write(&self, tag: u8, out: &mut Vec<u8>) -> Result<(), &'static str> {
        let start = out.len();
        STANDARD.decode_vec(self.data.as_bytes(), out).map_err(|_| "a packet of the document is not base64")?;
        let found = out.get(start).copied().and_then(type_id).ok_or("a packet of the document has no header")?;
        (found == tag).then_some(()).ok_or("a packet of the document is in another one's place")
    }
}

/// What kind of packet begins with this octet.
fn type_id(first: u8) -> Option<u8> {
    match first {
        0xc0.. => Some(first & 0x3f),
        0x80.. => Some((first & 0x3c) >> 2),
        _ => None,
    }
}

/// An empty list may also be written as `null`.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every packet of a document is found, in the order of serving, whatever else the document tells.
    #[test]
    fn packets_are_in_order() {
        let document = r#"{"md5": "x", "packet": {"tag": 6, "data": "xgE\u0041"}, "trusts": [{"packet": {"data": "zAA="}}],
            "signatures": [{"packet": {"data": "wgEB"}, "trusts": [{"packet": {"data": "zAEC"}}], "sigType": 31}],
            "subKeys": [{"packet": {"data": "zgED"}, "signatures": null}], "version": 4,
            "userIDs": [{"packet": {"data": "zQEE"}, "keywords": "a", "trusts": [{"packet": {"data": "sAEF"}}],
                "signatures": [{"packet": {"data": "wgEG"}}]}]}"#;
        let expected = "c60100cc00c20101cc0102cd0104b00105c20106ce0103";
        assert_eq!(packets(document).map(hex::encode).as_deref(), Ok(expected));
    }

    /// What is not as Hockeypuck writes it is told, and is no more than that.
    #[test]
    fn malformed_documents_are_told() {
        let shape = Err("the document has not the shape of a certificate");
        for (document, expected) in [
            ("", shape),
            ("null", shape),
            ("[]", shape),
            ("{}", shape),
            (r#"{"packet": null}"#, shape),
            (r#"{"packet": {"data": 5}}"#, shape),
            (r#"{"packet": {"data": "xgEA"}, "userIDs": 7}"#, shape),
            (r#"{"packet": {"data": "%%%%"}}"#, Err("a packet of the document is not base64")),
            (r#"{"packet": {"data": ""}}"#, Err("a packet of the document has no header")),
            (r#"{"packet": {"data": "AAAA"}}"#, Err("a packet of the document has no header")),
            (r#"{"packet": {"data": "zQEE"}}"#, Err("a packet of the document is in another one's place")),
        ] {
            assert_eq!(packets(document).map(drop), expected, "{document}");
        }
        let deep = format!("{{\"packet\": {}", "[".repeat(100_000));
        assert_eq!(packets(&deep).map(drop), shape);
    }
}
