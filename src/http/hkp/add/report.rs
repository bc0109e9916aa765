//! What became of each certificate of a submission, in Hockeypuck's shape.

use axum::response::Response;
use serde::Serialize;

use super::super::super::{ApiError, reply};
use crate::keyring::{CertificateResult, Outcome};

/// Every certificate of a submission under its outcome.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inserted: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub updated: Vec<Entry>,
    /// Known, and nothing new.
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
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Report {
    pub(crate) fn new(results: &[CertificateResult]) -> Self {
        let mut report = Self::default();
        for result in results {
            let mut entry = Entry {
                version: result.fingerprint.map(|fingerprint| fingerprint.version()),
                fingerprint: result.fingerprint.map(|fingerprint| fingerprint.to_string()),
                comment: None,
            };
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

    /// The object and a line end.
    pub(crate) fn json(&self) -> Result<Response, ApiError> {
        let mut text = serde_json::to_string(self).map_err(ApiError::internal)?;
        text.push('\n');
        Ok(reply::of(reply::JSON, text))
    }
}
