//! The index as a page.

use askama::Template;

use super::super::super::ApiError;
use super::{Detail, has_expired};
use crate::domain::Fingerprint;
use crate::domain::summary::{KeySummary, SignatureSummary, UserIdSummary};
use crate::domain::time::day;
use crate::storage::StoredSummary;

/// The most signatures on one page; browsers get slow with more.
const SIGNATURES_SHOWN_LIMIT: usize = 2000;

/// The whole page. `now` decides what has expired, in seconds since 1970.
pub(super) fn render(search: &str, found: &[StoredSummary], detail: Detail, now: i64) -> Result<String, ApiError> {
    let mut shown = match detail {
        Detail::UserIds => Shown { signatures: false, left: 0, now },
        Detail::Signatures => Shown { signatures: true, left: SIGNATURES_SHOWN_LIMIT, now },
    };
    let certificates = found.iter().map(|stored| Certificate::new(stored, &mut shown)).collect();
    Page { search, certificates, signatures: shown.signatures, cut: shown.signatures && shown.left == 0 }
        .render()
        .map_err(ApiError::internal)
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    search: &'a str,
    certificates: Vec<Certificate<'a>>,
    signatures: bool,
    /// Whether signatures were left out because there are too many.
    cut: bool,
}

struct Certificate<'a> {
    key: Key,
    user_ids: Vec<UserId<'a>>,
    subkeys: Vec<Key>,
}

struct Key {
    fingerprint: String,
    algorithm: String,
    created: String,
    expires: Option<String>,
    state: &'static str,
    signatures: Vec<Signature>,
}

struct UserId<'a> {
    text: &'a str,
    since: Option<String>,
    state: &'static str,
    signatures: Vec<Signature>,
}

struct Signature {
    kind: &'static str,
    revocation: bool,
    issuer: Option<String>,
    by_owner: bool,
    created: String,
    expires: Option<String>,
}

/// What is shown, and how many signatures still may be.
struct Shown {
    signatures: bool,
    left: usize,
    now: i64,
}

impl Shown {
    fn state(&self, revoked: bool, expires: Option<u64>) -> &'static str {
        match (revoked, has_expired(expires, self.now)) {
            (true, _) => "revoked",
            (false, true) => "expired",
            (false, false) => "",
        }
    }

    fn some_of(&mut self, signatures: &[SignatureSummary], owner: Fingerprint) -> Vec<Signature> {
        let some: Vec<Signature> = signatures.iter().take(self.left).map(|s| Signature::new(s, owner)).collect();
        self.left = self.left.saturating_sub(some.len());
        some
    }
}

impl<'a> Certificate<'a> {
    fn new(stored: &'a StoredSummary, shown: &mut Shown) -> Self {
        let summary = &stored.summary;
        let owner = summary.key.fingerprint;
        Self {
            key: Key::new(&summary.key, summary.revoked, shown.some_of(&summary.signatures, owner), shown),
            user_ids: summary.user_ids.iter().map(|user_id| UserId::new(user_id, owner, shown)).collect(),
            subkeys: summary
                .subkeys
                .iter()
                .map(|subkey| {
                    let signatures = shown.some_of(&subkey.signatures, owner);
                    Key::new(&subkey.key, subkey.revoked, signatures, shown)
                })
                .collect(),
        }
    }
}

impl Key {
    fn new(key: &KeySummary, revoked: bool, signatures: Vec<Signature>, shown: &Shown) -> Self {
        Self {
            fingerprint: hex::encode_upper(key.fingerprint.as_bytes()),
            algorithm: key.algorithm.name(),
            created: day(key.created.into()),
            expires: key.expires.map(day),
            state: shown.state(revoked, key.expires),
            signatures,
        }
    }
}

impl<'a> UserId<'a> {
    fn new(user_id: &'a UserIdSummary, owner: Fingerprint, shown: &mut Shown) -> Self {
        Self {
            text: &user_id.text,
            since: user_id.valid_since.map(|seconds| day(seconds.into())),
            state: shown.state(user_id.revoked, user_id.expires),
            signatures: shown.some_of(&user_id.signatures, owner),
        }
    }
}

impl Signature {
    fn new(signature: &SignatureSummary, owner: Fingerprint) -> Self {
        let issuer = signature.issuer.key_id();
        Self {
            kind: kind(signature.kind),
            revocation: signature.is_revocation(),
            issuer: match signature.issuer.fingerprint() {
                Some(fingerprint) => Some(hex::encode_upper(fingerprint.as_bytes())),
                None => issuer.map(|id| hex::encode_upper(id.0)),
            },
            by_owner: issuer.is_some() && issuer == owner.key_id(),
            created: day(signature.created.into()),
            expires: signature.expires.map(day),
        }
    }
}

/// Names of signature types (RFC 9580 section 5.2.1).
fn kind(code: u8) -> &'static str {
    match code {
        0x10..=0x13 => "certification",
        0x16 => "attestation",
        0x18 => "subkey binding",
        0x19 => "primary key binding",
        0x1f => "direct key",
        0x20 => "key revocation",
        0x28 => "subkey revocation",
        0x30 => "certification revocation",
        _ => "signature",
    }
}
