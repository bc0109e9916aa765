//! The JSON index, in the shape that Hockeypuck gives it.

use std::fmt::Display;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::ser::PrettyFormatter;

use crate::domain::Fingerprint;
use crate::domain::summary::{AlgorithmSummary, KeySummary, SignatureSummary, SubkeySummary, UserIdSummary};
use crate::domain::time::rfc3339;
use crate::storage::StoredSummary;

const PUBLIC_KEY_TAG: u8 = 6;
const PUBLIC_SUBKEY_TAG: u8 = 14;
const USER_ID_TAG: u8 = 13;
const SIGNATURE_TAG: u8 = 2;

/// Octets that are set aside for each certificate; most need less.
const CERTIFICATE_OCTETS: usize = 16 * 1024;

/// An array of certificates, indented by tabs.
pub fn render(found: &[StoredSummary]) -> serde_json::Result<Vec<u8>> {
    let certificates: Vec<Key> = found.iter().map(Key::of_certificate).collect();
    let mut text = Vec::with_capacity(found.len() * CERTIFICATE_OCTETS);
    let formatter = PrettyFormatter::with_indent(b"\t");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    certificates.serialize(&mut serializer)?;
    Ok(text)
}

/// What is written as a string as it is shown, without being made one before.
struct Text<T>(T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Octets that are written as lower-case hexadecimal digits.
struct Hex<T>(T);

impl<T: AsRef<[u8]>> Serialize for Hex<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let octets = self.0.as_ref();
        let mut digits = [0; 2 * HEX_OCTETS_LIMIT];
        let used = digits.get_mut(..2 * octets.len()).ok_or_else(|| serde::ser::Error::custom("too many octets"))?;
        hex::encode_to_slice(octets, used).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(std::str::from_utf8(used).map_err(serde::ser::Error::custom)?)
    }
}

/// The longest fingerprint.
const HEX_OCTETS_LIMIT: usize = 32;

#[derive(Serialize)]
struct Packet {
    tag: u8,
}

/// A primary key with all that belongs to it, or a subkey, which has nothing after its signatures.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Key<'a> {
    packet: Packet,
    fingerprint: Hex<&'a [u8]>,
    #[serde(rename = "longKeyID")]
    key_id: Hex<Vec<u8>>,
    creation: Text<Timestamp>,
    /// Either a time, or the statement that there is none; so everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<Text<Timestamp>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    never_expires: bool,
    version: u8,
    algorithm: Algorithm<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<Signature<'a>>,
    /// Empty when the certificate has no digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<Hex<Vec<u8>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sub_keys: Vec<Key<'a>>,
    #[serde(rename = "userIDs", skip_serializing_if = "Vec::is_empty")]
    user_ids: Vec<UserId<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Algorithm<'a> {
    name: String,
    code: u8,
    bit_length: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    curve: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserId<'a> {
    packet: Packet,
    keywords: &'a str,
    #[serde(rename = "validsince")]
    valid_since: ValidSince,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<Text<Timestamp>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    never_expires: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<Signature<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ValidSince {
    At(Text<Timestamp>),
    /// The empty string: no valid self-certification is left.
    Never(&'static str),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signature<'a> {
    packet: Packet,
    version: u8,
    sig_type: u8,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    revocation: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    primary: bool,
    #[serde(rename = "issuerKeyID", skip_serializing_if = "Option::is_none")]
    issuer_key_id: Option<Hex<[u8; 8]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_fingerprint: Option<Hex<Fingerprint>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_fp_version: Option<u8>,
    creation: Text<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<Text<Timestamp>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    never_expires: bool,
    #[serde(rename = "policyURI", skip_serializing_if = "Option::is_none")]
    policy_uri: Option<&'a str>,
}

impl<'a> Key<'a> {
    fn of_certificate(stored: &'a StoredSummary) -> Self {
        let summary = &stored.summary;
        Self {
            md5: Some(Hex(stored.digests.shown().map_or_else(Vec::new, |digest| digest.0.to_vec()))),
            length: Some(summary.length),
            sub_keys: summary.subkeys.iter().map(Key::of_subkey).collect(),
            user_ids: summary.user_ids.iter().map(UserId::new).collect(),
            ..Self::new(PUBLIC_KEY_TAG, &summary.key, &summary.signatures)
        }
    }

    fn of_subkey(subkey: &'a SubkeySummary) -> Self {
        Self::new(PUBLIC_SUBKEY_TAG, &subkey.key, &subkey.signatures)
    }

    fn new(tag: u8, key: &'a KeySummary, signatures: &'a [SignatureSummary]) -> Self {
        Self {
            packet: Packet { tag },
            fingerprint: Hex(key.fingerprint.as_bytes()),
            key_id: Hex(key.fingerprint.key_id().map_or_else(Vec::new, |id| id.0.to_vec())),
            creation: time(key.created),
            expiration: key.expires.map(time),
            never_expires: key.expires.is_none(),
            version: key.fingerprint.version(),
            algorithm: Algorithm::new(&key.algorithm),
            signatures: signatures.iter().map(Signature::new).collect(),
            md5: None,
            length: None,
            sub_keys: Vec::new(),
            user_ids: Vec::new(),
        }
    }
}

/// Seconds since 1970.
fn time(seconds: impl Into<u64>) -> Text<Timestamp> {
    Text(rfc3339(seconds.into()))
}

impl<'a> Algorithm<'a> {
    fn new(algorithm: &'a AlgorithmSummary) -> Self {
        Self {
            name: algorithm.name(),
            code: algorithm.code,
            bit_length: algorithm.bits,
            curve: algorithm.curve.as_deref(),
        }
    }
}

impl<'a> UserId<'a> {
    fn new(user_id: &'a UserIdSummary) -> Self {
        Self {
            packet: Packet { tag: USER_ID_TAG },
            keywords: &user_id.text,
            valid_since: user_id.valid_since.map_or(ValidSince::Never(""), |seconds| ValidSince::At(time(seconds))),
            expiration: user_id.expires.map(time),
            never_expires: user_id.expires.is_none(),
            signatures: user_id.signatures.iter().map(Signature::new).collect(),
        }
    }
}

impl<'a> Signature<'a> {
    fn new(signature: &'a SignatureSummary) -> Self {
        let fingerprint = signature.issuer.fingerprint();
        Self {
            packet: Packet { tag: SIGNATURE_TAG },
            version: signature.version,
            sig_type: signature.kind,
            revocation: signature.is_revocation(),
            primary: signature.primary,
            issuer_key_id: signature.issuer.key_id().map(|id| Hex(id.0)),
            issuer_fingerprint: fingerprint.map(Hex),
            issuer_fp_version: fingerprint.as_ref().map(Fingerprint::version),
            creation: time(signature.created),
            expiration: signature.expires.map(time),
            never_expires: signature.expires.is_none(),
            policy_uri: signature.policy_uri.as_deref(),
        }
    }
}
