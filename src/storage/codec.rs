//! How domain values look in rows of either engine.

use sha2::{Digest as _, Sha256};

use super::StorageError;
use crate::domain::{Digest, Digests, Fingerprint, KeyId, LegacyForm, Record, Summary};

/// Leads a summary blob. A blob does not describe itself, so every change of [`Summary`] takes a
/// new number, and the old ones stay readable.
const SUMMARY_FORMAT: u8 = 1;
/// Enters the hash of the lists; a new number makes every update rewrite them.
const LISTS_FORMAT: u8 = 1;

const LEGACY_FULL: i16 = 0;
const LEGACY_STRIPPED: i16 = 1;
const LEGACY_REVOCATION: i16 = 2;
const LEGACY_HIDDEN: i16 = 3;

pub fn encode_summary(summary: &Summary) -> Result<Vec<u8>, StorageError> {
    postcard::to_extend(summary, vec![SUMMARY_FORMAT]).map_err(|error| bad_summary(error.to_string()))
}

pub fn decode_summary(blob: &[u8]) -> Result<Summary, StorageError> {
    let (format, body) = blob.split_first().ok_or_else(|| bad_summary("empty".into()))?;
    if *format != SUMMARY_FORMAT {
        return Err(bad_summary(format!("unknown format {format}")));
    }
    match postcard::take_from_bytes(body) {
        Ok((summary, [])) => Ok(summary),
        Ok((_, rest)) => Err(bad_summary(format!("{} octets too many", rest.len()))),
        Err(error) => Err(bad_summary(error.to_string())),
    }
}

/// The columns `legacy_form` and `legacy`.
pub fn encode_legacy(form: &LegacyForm) -> (i16, Option<&[u8]>) {
    match form {
        LegacyForm::Full => (LEGACY_FULL, None),
        LegacyForm::Stripped(packets) => (LEGACY_STRIPPED, Some(packets)),
        LegacyForm::Revocation(packets) => (LEGACY_REVOCATION, Some(packets)),
        LegacyForm::Hidden => (LEGACY_HIDDEN, None),
    }
}

pub fn decode_legacy(form: i16, packets: Option<Vec<u8>>) -> Result<LegacyForm, StorageError> {
    match (form, packets) {
        (LEGACY_FULL, None) => Ok(LegacyForm::Full),
        (LEGACY_STRIPPED, Some(packets)) => Ok(LegacyForm::Stripped(packets.into())),
        (LEGACY_REVOCATION, Some(packets)) => Ok(LegacyForm::Revocation(packets.into())),
        (LEGACY_HIDDEN, None) => Ok(LegacyForm::Hidden),
        (form, packets) => Err(StorageError::Inconsistent {
            table: "certs",
            column: "legacy_form",
            detail: format!("{form} with{} packets", if packets.is_some() { "" } else { "out" }),
        }),
    }
}

pub fn decode_fingerprint(table: &'static str, octets: &[u8]) -> Result<Fingerprint, StorageError> {
    Fingerprint::from_bytes(octets).map_err(|_| StorageError::Inconsistent {
        table,
        column: "fingerprint",
        detail: format!("{} octets", octets.len()),
    })
}

pub fn decode_digest(table: &'static str, column: &'static str, octets: &[u8]) -> Result<Digest, StorageError> {
    Digest::try_from(octets).map_err(|_| StorageError::Inconsistent {
        table,
        column,
        detail: format!("{} octets", octets.len()),
    })
}

/// The columns `digest_v23` and `digest_v24` of `certs`.
pub fn decode_digests(v23: Option<&[u8]>, v24: Option<&[u8]>) -> Result<Digests, StorageError> {
    Ok(Digests {
        v23: v23.map(|octets| decode_digest("certs", "digest_v23", octets)).transpose()?,
        v24: v24.map(|octets| decode_digest("certs", "digest_v24", octets)).transpose()?,
    })
}

/// The key ID under which a key is indexed; `None` for version 3 keys, which are not found.
pub fn index_key_id(fingerprint: &Fingerprint) -> Option<i64> {
    fingerprint.key_id().map(KeyId::as_i64)
}

/// Whether `text` can be stored and looked for. PostgreSQL has no NUL in texts, and no index entry is empty.
pub fn is_indexable(text: &str) -> bool {
    !text.is_empty() && !text.contains('\0')
}

/// A hash of what a certificate is found by; equal hashes save comparing and rewriting the lists.
pub fn lists_hash(record: &Record) -> i64 {
    let mut hash = Sha256::new();
    hash.update([LISTS_FORMAT]);
    for key in &record.keys {
        update_sized(&mut hash, key.as_bytes());
    }
    for user_id in &record.user_ids {
        hash.update(b"u");
        update_sized(&mut hash, user_id.email.as_deref().unwrap_or_default().as_bytes());
        for word in &user_id.keywords {
            update_sized(&mut hash, word.as_bytes());
        }
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk().copied().map_or(0, i64::from_be_bytes)
}

fn update_sized(hash: &mut Sha256, octets: &[u8]) {
    hash.update((octets.len() as u64).to_be_bytes());
    hash.update(octets);
}

fn bad_summary(detail: String) -> StorageError {
    StorageError::Inconsistent { table: "certs", column: "summary", detail }
}
