//! The JSON index, in the shape that Hockeypuck gives it.

use serde::Serialize;
use serde_json::ser::PrettyFormatter;

use crate::domain::Fingerprint;
use crate::domain::summary::{AlgorithmSummary, KeySummary, SignatureSummary, SubkeySummary, UserIdSummary};
use crate::domain::time::rfc3339;
use crate::storage::StoredSummary;

const PUBLIC_KEY_TAG: u8 = 6;
const PUBLIC_SUBKEY_TAG: u8 = 14;
const USER_ID_TAG: u8 = 13;
const SIGNATURE_TAG: u8 = 2;

/// An array of certificates, indented by tabs.
pub fn render(found: &[StoredSummary]) -> serde_json::Result<Vec<u8>> {
    let certificates: Vec<Certificate> = found.iter().map(Certificate::new).collect();
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"\t");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    certificates.serialize(&mut serializer)?;
    Ok(text)
}

#[derive(Serialize)]
struct Packet {
    tag: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificate<'a> {
    #[serde(flatten)]
    key: Key<'a>,
    md5: String,
    length: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sub_keys: Vec<Key<'a>>,
    #[serde(rename = "userIDs", skip_serializing_if = "Vec::is_empty")]
    user_ids: Vec<UserId<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Key<'a> {
    packet: Packet,
    fingerprint: String,
    #[serde(rename = "longKeyID")]
    key_id: String,
    creation: String,
    #[serde(flatten)]
    expiry: Expiry,
    version: u8,
    algorithm: Algorithm<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<Signature<'a>>,
}

/// Either a time, or the statement that there is none.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Expiry {
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    never_expires: bool,
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
struct UserId<'a> {
    packet: Packet,
    keywords: &'a str,
    /// Empty when no valid self-certification is left.
    validsince: String,
    #[serde(flatten)]
    expiry: Expiry,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<Signature<'a>>,
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
    issuer_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_fp_version: Option<u8>,
    creation: String,
    #[serde(flatten)]
    expiry: Expiry,
    #[serde(rename = "policyURI", skip_serializing_if = "Option::is_none")]
    policy_uri: Option<&'a str>,
}

impl<'a> Certificate<'a> {
    fn new(stored: &'a StoredSummary) -> Self {
        let summary = &stored.summary;
        Self {
            key: Key::new(PUBLIC_KEY_TAG, &summary.key, &summary.signatures),
            md5: stored.digests.shown().map_or_else(String::new, |digest| digest.to_string()),
            length: summary.length,
            sub_keys: summary.subkeys.iter().map(Key::of_subkey).collect(),
            user_ids: summary.user_ids.iter().map(UserId::new).collect(),
        }
    }
}

impl<'a> Key<'a> {
    fn new(tag: u8, key: &'a KeySummary, signatures: &'a [SignatureSummary]) -> Self {
        Self {
            packet: Packet { tag },
            fingerprint: key.fingerprint.to_string(),
            key_id: key.fingerprint.key_id().map_or_else(String::new, |id| id.to_string()),
            creation: rfc3339(key.created.into()),
            expiry: Expiry::new(key.expires),
            version: key.fingerprint.version(),
            algorithm: Algorithm::new(&key.algorithm),
            signatures: signatures.iter().map(Signature::new).collect(),
        }
    }

    fn of_subkey(subkey: &'a SubkeySummary) -> Self {
        Self::new(PUBLIC_SUBKEY_TAG, &subkey.key, &subkey.signatures)
    }
}

impl Expiry {
    fn new(expires: Option<u64>) -> Self {
        Self { expiration: expires.map(rfc3339), never_expires: expires.is_none() }
    }
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
            validsince: user_id.valid_since.map_or_else(String::new, |seconds| rfc3339(seconds.into())),
            expiry: Expiry::new(user_id.expires),
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
            issuer_key_id: signature.issuer.key_id().map(|id| id.to_string()),
            issuer_fingerprint: fingerprint.map(|fingerprint| fingerprint.to_string()),
            issuer_fp_version: fingerprint.as_ref().map(Fingerprint::version),
            creation: rfc3339(signature.created.into()),
            expiry: Expiry::new(signature.expires),
            policy_uri: signature.policy_uri.as_deref(),
        }
    }
}
