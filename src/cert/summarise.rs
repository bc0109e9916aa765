//! From a selection of packets to the record that is stored: bytes, digests, lists and summary.

use bytes::Bytes;

use super::digest::sks_digest;
use super::model::Model;
use super::packet::{Packet, write_all};
use super::select::{Rules, Selected, Selection, select};
use super::signature::Signature;
use crate::domain::summary::{KeySummary, SignatureSummary, SubkeySummary, UserIdSummary};
use crate::domain::{Digests, Fingerprint, LegacyForm, Profile, Record, Summary};

/// The record of a judged model; `None` if nothing valid is left of it.
pub(super) fn record(model: &Model) -> Option<Record> {
    let stored = select(model, Rules::Stored)?;
    let packets = stored.packets();
    Some(Record {
        fingerprint: model.primary.fingerprint,
        packets: write_all(packets.iter().copied()),
        legacy: legacy_form(&stored),
        digests: digests(model, &packets),
        summary: summary(&stored, &packets),
        keys: keys(&stored),
        user_ids: stored.user_ids.iter().map(|(user_id, _)| user_id.searchable()).collect(),
    })
}

/// The digest per profile. A profile's selection is a part of what is stored, so that one with
/// as many packets is the same.
fn digests(model: &Model, stored: &[&Packet]) -> Digests {
    let whole = sks_digest(stored.to_vec());
    let of = |profile| {
        let packets = select(model, Rules::Of(profile))?.packets();
        Some(if packets.len() == stored.len() { whole } else { sks_digest(packets) })
    };
    Digests { v23: of(Profile::V23), v24: of(Profile::V24) }
}

fn keys(selection: &Selection<'_>) -> Vec<Fingerprint> {
    let primary = selection.primary.fingerprint;
    let subkeys = selection.subkeys.iter().map(|(subkey, _)| subkey.key.fingerprint);
    std::iter::once(primary).chain(subkeys.filter(|subkey| *subkey != primary)).collect()
}

fn legacy_form(selection: &Selection<'_>) -> LegacyForm {
    if selection.primary.version > 4 {
        return LegacyForm::Hidden;
    }
    if selection.direct.hard_revocation().is_some() {
        let revocation =
            selection.direct.revocations.iter().find(|signature| signature.is_hard() && is_legacy(signature));
        return revocation.map_or(LegacyForm::Hidden, |signature| {
            LegacyForm::Revocation(write_all(std::iter::once(&signature.packet)))
        });
    }
    match stripped(selection) {
        Some(packets) => LegacyForm::Stripped(packets),
        None => LegacyForm::Full,
    }
}

/// The packets without version 6 subkeys and signatures; `None` if there are none of them.
fn stripped(selection: &Selection<'_>) -> Option<Bytes> {
    let mut kept = vec![&selection.primary.packet];
    let mut whole = keep_legacy(&selection.direct, &mut kept);
    for (user_id, signatures) in &selection.user_ids {
        kept.push(&user_id.packet);
        whole &= keep_legacy(signatures, &mut kept);
    }
    for (subkey, signatures) in &selection.subkeys {
        if subkey.key.version > 4 {
            whole = false;
            continue;
        }
        kept.push(&subkey.key.packet);
        whole &= keep_legacy(signatures, &mut kept);
    }
    (!whole).then(|| write_all(kept.into_iter()))
}

/// Adds the signatures that legacy clients can read; answers whether these are all.
fn keep_legacy<'a>(signatures: &Selected<'a>, kept: &mut Vec<&'a Packet>) -> bool {
    let readable = signatures.iter().filter(|signature| is_legacy(signature));
    kept.extend(readable.map(|signature| &signature.packet));
    signatures.iter().all(is_legacy)
}

fn is_legacy(signature: &Signature) -> bool {
    signature.version <= 4
}

fn summary(selection: &Selection<'_>, packets: &[&Packet]) -> Summary {
    let primary = selection.primary;
    let length: usize = packets.iter().map(|packet| packet.body.len()).sum();
    Summary {
        key: primary.summary(primary_expires(selection)),
        revoked: !selection.direct.revocations.is_empty(),
        length: u32::try_from(length).unwrap_or(u32::MAX),
        signatures: signatures(&selection.direct, primary.created),
        user_ids: selection
            .user_ids
            .iter()
            .map(|(user_id, selected)| UserIdSummary {
                text: user_id.text.clone(),
                valid_since: selected.certifications.last().map(|signature| signature.created),
                expires: newest_expires(selected, primary.created),
                revoked: selected.is_revoked(),
                signatures: signatures(selected, primary.created),
            })
            .collect(),
        subkeys: selection.subkeys.iter().map(|(subkey, selected)| subkey_summary(&subkey.key, selected)).collect(),
    }
}

fn subkey_summary(key: &super::key::Key, selected: &Selected<'_>) -> SubkeySummary {
    let summary: KeySummary = key.summary(newest_expires(selected, key.created));
    SubkeySummary {
        key: summary,
        revoked: !selected.revocations.is_empty(),
        signatures: signatures(selected, key.created),
    }
}

/// The newest direct-key signature decides; below version 6 without one, that of the first user ID.
fn primary_expires(selection: &Selection<'_>) -> Option<u64> {
    let created = selection.primary.created;
    if !selection.direct.certifications.is_empty() || selection.primary.version >= 6 {
        return newest_expires(&selection.direct, created);
    }
    selection.user_ids.first().and_then(|(_, selected)| newest_expires(selected, created))
}

fn newest_expires(selected: &Selected<'_>, key_created: u32) -> Option<u64> {
    selected.certifications.first().and_then(|signature| signature.expires(key_created))
}

fn signatures(selected: &Selected<'_>, key_created: u32) -> Vec<SignatureSummary> {
    selected.iter().filter_map(|signature| signature.summary(key_created)).collect()
}
