//! What became of each certificate of a submission, in Hockeypuck's shape.

use axum::response::Response;
use serde::Serialize;

use super::super::super::{ApiError, reply};
use crate::domain::Fingerprint;
use crate::keyring::admin::Administered;
use crate::keyring::{CertificateResult, Outcome};

const UNKNOWN: &str = "it is not stored here";

/// Every certificate of a submission under its outcome.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inserted: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub updated: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deleted: Vec<Entry>,
    /// Known, and nothing new; or not known where it was to be deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub invalid: Vec<Entry>,
}

/// One certificate; fingerprint and version are absent when they could not be read.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Why it was rejected or ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Report {
    pub(crate) fn new(results: &[CertificateResult]) -> Self {
        let mut report = Self::default();
        for result in results {
            let mut entry = Entry::of(result.fingerprint);
            match &result.outcome {
                Outcome::Inserted => report.inserted.push(entry),
                Outcome::Updated => report.updated.push(entry),
                Outcome::Unchanged => report.ignored.push(entry),
                Outcome::Rejected(reason) => {
                    entry.comment = Some(reason.to_string());
                    report.invalid.push(entry);
                }
            }
        }
        report
    }

    /// What became of a signed request.
    pub(crate) fn of_administered(done: &Administered) -> Self {
        let entries = |list: &[Fingerprint]| list.iter().map(|one| Entry::of(Some(*one))).collect();
        let unknown = |one: &Fingerprint| Entry { comment: Some(UNKNOWN.to_owned()), ..Entry::of(Some(*one)) };
        Self {
            inserted: entries(&done.inserted),
            updated: entries(&done.updated),
            deleted: entries(&done.deleted),
            ignored: done.unknown.iter().map(unknown).collect(),
            invalid: Vec::new(),
        }
    }

    /// The object and a line end.
    pub(crate) fn json(&self) -> Result<Response, ApiError> {
        let mut text = serde_json::to_string(self).map_err(ApiError::internal)?;
        text.push('\n');
        Ok(reply::of(reply::JSON, text))
    }
}

impl Entry {
    fn of(fingerprint: Option<Fingerprint>) -> Self {
        Self {
            version: fingerprint.map(|fingerprint| fingerprint.version()),
            fingerprint: fingerprint.map(|fingerprint| fingerprint.to_string()),
            comment: None,
        }
    }
}
