//! Certificates as the store holds them, made up: the HTTP layer never looks into packets.

use bytes::Bytes;
use hockeypuck::domain::search::{email_of, keywords_of};
use hockeypuck::domain::summary::{
    AlgorithmSummary, Issuer, KeySummary, SignatureSummary, SubkeySummary, UserIdSummary,
};
use hockeypuck::domain::{Digest, Digests, Fingerprint, LegacyForm, Record, SearchableUserId, Summary};

/// 2024-01-01T00:00:00Z.
pub(super) const CREATED: u32 = 1_704_067_200;

/// A version 4 certificate whose octets are all derived from `seed`, with one user ID and one subkey.
pub(super) fn record(seed: u8, user_id: &str) -> Record {
    let fingerprint = Fingerprint::V4([seed; 20]);
    let subkey = Fingerprint::V4([seed ^ 0x80; 20]);
    Record {
        fingerprint,
        packets: packets(seed),
        legacy: LegacyForm::Full,
        digests: digests(seed),
        summary: summary(fingerprint, subkey, user_id),
        keys: vec![fingerprint, subkey],
        user_ids: vec![searchable(user_id)],
    }
}

/// A version 6 certificate, which legacy clients never see.
pub(super) fn record_v6(seed: u8, user_id: &str) -> Record {
    let fingerprint = Fingerprint::V6([seed; 32]);
    let mut record = record(seed, user_id);
    record.fingerprint = fingerprint;
    record.legacy = LegacyForm::Hidden;
    record.digests.v23 = None;
    record.keys = vec![fingerprint];
    record.summary.key.fingerprint = fingerprint;
    record.summary.subkeys.clear();
    record
}

/// A hard-revoked certificate: without user IDs, and served as its revocation alone.
pub(super) fn record_revoked(seed: u8, user_id: &str) -> Record {
    let mut record = record(seed, user_id);
    record.legacy = LegacyForm::Revocation(Bytes::from(vec![0xee, seed]));
    record.summary.revoked = true;
    record.summary.user_ids.clear();
    record
}

pub(super) fn packets(seed: u8) -> Bytes {
    let length = 50 + usize::from(seed);
    Bytes::from(vec![seed; length])
}

pub(super) fn digests(seed: u8) -> Digests {
    let digest = Some(Digest([seed; 16]));
    Digests { v23: digest, v24: digest }
}

fn searchable(user_id: &str) -> SearchableUserId {
    SearchableUserId { text: user_id.into(), email: email_of(user_id), keywords: keywords_of(user_id) }
}

fn summary(fingerprint: Fingerprint, subkey: Fingerprint, user_id: &str) -> Summary {
    let algorithm = |code| AlgorithmSummary { code, bits: 263, curve: Some("Curve25519".into()) };
    Summary {
        key: KeySummary { fingerprint, created: CREATED, expires: None, algorithm: algorithm(22) },
        revoked: false,
        length: 498,
        signatures: Vec::new(),
        user_ids: vec![UserIdSummary {
            text: user_id.into(),
            valid_since: Some(CREATED),
            expires: None,
            revoked: false,
            signatures: vec![SignatureSummary { primary: true, ..signature(0x13, fingerprint) }],
        }],
        subkeys: vec![SubkeySummary {
            key: KeySummary {
                fingerprint: subkey,
                created: CREATED,
                expires: Some(4_102_444_800),
                algorithm: algorithm(18),
            },
            revoked: false,
            signatures: vec![signature(0x18, fingerprint)],
        }],
    }
}

pub(super) fn signature(kind: u8, issuer: Fingerprint) -> SignatureSummary {
    SignatureSummary {
        version: 4,
        kind,
        issuer: Issuer::Fingerprint(issuer),
        created: CREATED,
        expires: None,
        primary: false,
        reason: None,
        policy_uri: None,
    }
}
