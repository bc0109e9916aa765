//! Rows as both engines answer them, and what they mean.

use sqlx::FromRow;

use super::codec::{decode_digest, decode_digests, decode_fingerprint, decode_legacy, decode_summary};
use super::{HourlyCounts, MergeBase, Revision, StorageError, StoredCertificate, StoredSummary};
use crate::domain::{Change, Digests, Fingerprint, Profile, Sign};

#[derive(FromRow)]
pub struct CertificateRow {
    fingerprint: Vec<u8>,
    digest_v23: Option<Vec<u8>>,
    digest_v24: Option<Vec<u8>>,
    packets: Vec<u8>,
    legacy_form: i16,
    legacy: Option<Vec<u8>>,
}

impl TryFrom<CertificateRow> for StoredCertificate {
    type Error = StorageError;

    fn try_from(row: CertificateRow) -> Result<Self, StorageError> {
        Ok(Self {
            fingerprint: decode_fingerprint("certs", &row.fingerprint)?,
            digests: decode_digests(row.digest_v23.as_deref(), row.digest_v24.as_deref())?,
            packets: row.packets.into(),
            legacy: decode_legacy(row.legacy_form, row.legacy)?,
        })
    }
}

#[derive(FromRow)]
pub struct SummaryRow {
    digest_v23: Option<Vec<u8>>,
    digest_v24: Option<Vec<u8>>,
    summary: Vec<u8>,
}

impl TryFrom<SummaryRow> for StoredSummary {
    type Error = StorageError;

    fn try_from(row: SummaryRow) -> Result<Self, StorageError> {
        Ok(Self {
            digests: decode_digests(row.digest_v23.as_deref(), row.digest_v24.as_deref())?,
            summary: decode_summary(&row.summary)?,
        })
    }
}

#[derive(FromRow)]
pub struct MergeBaseRow {
    fingerprint: Vec<u8>,
    packets: Vec<u8>,
    revision: i64,
}

impl TryFrom<MergeBaseRow> for MergeBase {
    type Error = StorageError;

    fn try_from(row: MergeBaseRow) -> Result<Self, StorageError> {
        Ok(Self {
            fingerprint: decode_fingerprint("certs", &row.fingerprint)?,
            packets: row.packets.into(),
            revision: Revision(row.revision),
        })
    }
}

#[derive(FromRow)]
pub struct DigestsRow {
    pub fingerprint: Vec<u8>,
    pub digest_v23: Option<Vec<u8>>,
    pub digest_v24: Option<Vec<u8>>,
}

impl TryFrom<DigestsRow> for (Fingerprint, Digests) {
    type Error = StorageError;

    fn try_from(row: DigestsRow) -> Result<Self, StorageError> {
        Ok((
            decode_fingerprint("certs", &row.fingerprint)?,
            decode_digests(row.digest_v23.as_deref(), row.digest_v24.as_deref())?,
        ))
    }
}

#[derive(FromRow)]
pub struct ChangeRow {
    seq: i64,
    profile: i16,
    sign: i16,
    digest: Vec<u8>,
    fingerprint: Vec<u8>,
}

impl TryFrom<ChangeRow> for Change {
    type Error = StorageError;

    fn try_from(row: ChangeRow) -> Result<Self, StorageError> {
        let unknown = |column, code| StorageError::Inconsistent { table: "changes", column, detail: format!("{code}") };
        Ok(Self {
            seq: row.seq,
            profile: decode_profile("changes", row.profile)?,
            sign: Sign::from_code(row.sign).ok_or_else(|| unknown("sign", row.sign))?,
            digest: decode_digest("changes", "digest", &row.digest)?,
            fingerprint: decode_fingerprint("changes", &row.fingerprint)?,
        })
    }
}

/// The column `profile` of any table.
pub fn decode_profile(table: &'static str, code: i16) -> Result<Profile, StorageError> {
    let unknown = || StorageError::Inconsistent { table, column: "profile", detail: code.to_string() };
    Profile::from_code(code).ok_or_else(unknown)
}

/// What is locked and compared before a stored certificate is written or deleted.
#[derive(FromRow)]
pub struct LockedRow {
    pub id: i64,
    pub fingerprint: Vec<u8>,
    pub revision: i64,
    pub lists: i64,
    digest_v23: Option<Vec<u8>>,
    digest_v24: Option<Vec<u8>>,
}

impl LockedRow {
    pub fn digests(&self) -> Result<Digests, StorageError> {
        decode_digests(self.digest_v23.as_deref(), self.digest_v24.as_deref())
    }
}

#[derive(FromRow)]
pub struct HourlyRow {
    hour: i64,
    inserted: i64,
    updated: i64,
    removed: i64,
}

impl TryFrom<HourlyRow> for (i64, HourlyCounts) {
    type Error = StorageError;

    fn try_from(row: HourlyRow) -> Result<Self, StorageError> {
        let count = |column, count: i64| {
            u64::try_from(count).map_err(|_| StorageError::Inconsistent {
                table: "stats_hourly",
                column,
                detail: format!("{count}"),
            })
        };
        let counts = HourlyCounts {
            inserted: count("inserted", row.inserted)?,
            updated: count("updated", row.updated)?,
            removed: count("removed", row.removed)?,
        };
        Ok((row.hour, counts))
    }
}

/// Turns all rows of an answer into what they mean.
pub fn decode_all<R, T: TryFrom<R, Error = StorageError>>(rows: Vec<R>) -> Result<Vec<T>, StorageError> {
    rows.into_iter().map(T::try_from).collect()
}
