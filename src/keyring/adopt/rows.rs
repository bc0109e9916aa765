//! From rows of Hockeypuck's table to stored certificates, the way that every submission takes.

use std::collections::HashMap;

use thiserror::Error;

use super::document;
use crate::cert::{self, Item, Limits, Rejection};
use crate::keyring::load::is_transient;
use crate::keyring::submit::BATCH_LIMIT;
use crate::keyring::{CertificateResult, Keyring, Outcome, SubmitError};
use crate::storage::StorageError;
use crate::storage::adopt::{DOCUMENT_OCTETS_LIMIT, REJECT_DETAIL_OCTETS, RejectedRow, Row};

/// The documents of rows that are read at once have about this many octets at most, as they are stored.
const CHUNK_OCTETS: u64 = 4 << 20;
/// What is stored has passed Hockeypuck's limits when it was submitted, and may have grown since; all of it is kept.
const UNLIMITED: Limits = Limits { certificate_octets: 0, packet_octets: 0, signature_octets: 0 };

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adopted {
    Inserted,
    /// Merged with what was stored.
    Updated,
    /// All of it was stored.
    Unchanged,
    Rejected(RowRejection),
}

/// Why a row was not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RowRejection {
    #[error("{0}")]
    Document(&'static str),
    #[error("the document is larger than {DOCUMENT_OCTETS_LIMIT} octets")]
    TooLarge,
    #[error("the row was deleted while the table was read")]
    Gone,
    #[error("the packets are those of another certificate than the row says")]
    OtherFingerprint,
    #[error(transparent)]
    Certificate(#[from] Rejection),
}

impl RowRejection {
    /// A short, stable word for metrics and reports.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Document(_) => "document",
            Self::TooLarge => "document_too_large",
            Self::Gone => "gone",
            Self::OtherFingerprint => "other_fingerprint",
            Self::Certificate(rejection) => rejection.label(),
        }
    }

    pub(super) fn of_row(&self, name: &str) -> RejectedRow {
        let mut detail = self.to_string();
        detail.truncate(detail.floor_char_boundary(REJECT_DETAIL_OCTETS));
        RejectedRow { name: name.to_owned(), reason: self.label(), detail }
    }
}

/// Rows in their order, as many at a time as one batch takes.
pub(super) fn chunks(rows: &[Row]) -> Vec<&[Row]> {
    let mut chunks = Vec::new();
    let (mut start, mut count, mut octets) = (0, 0, 0);
    for (at, row) in rows.iter().enumerate() {
        let (more, size) = if row.is_stored { (0, 0) } else { (1, row.octets) };
        if count + more > BATCH_LIMIT || (count > 0 && size > 0 && octets + size > CHUNK_OCTETS) {
            chunks.extend(rows.get(start..at));
            (start, count, octets) = (at, 0, 0);
        }
        count += more;
        octets += size;
    }
    chunks.extend(rows.get(start..).filter(|rest| !rest.is_empty()));
    chunks
}

impl Keyring {
    /// Takes over the certificates of rows. The only failures are those that pass: whatever is wrong with a row is
    /// its own.
    pub(super) async fn adopt_rows(&self, rows: &[Row]) -> Result<Vec<Adopted>, SubmitError> {
        match self.try_adopt(rows).await {
            // Fewer at a time take less.
            Err(SubmitError::Storage(StorageError::Timeout)) if rows.len() > 1 => {}
            Err(error) if is_transient(&error) => return Err(error),
            Ok(adopted) if rows.len() == 1 || !adopted.contains(&internal()) => return Ok(adopted),
            // One of them spoils it for the others.
            Ok(_) | Err(_) => {}
        }
        let mut adopted = Vec::with_capacity(rows.len());
        for row in rows {
            match self.try_adopt(std::slice::from_ref(row)).await {
                Ok(outcome) => adopted.extend(outcome),
                Err(error) if is_transient(&error) => return Err(error),
                Err(error) => {
                    tracing::error!(row = row.name, %error, "a certificate of Hockeypuck's table cannot be stored");
                    adopted.push(internal());
                }
            }
        }
        Ok(adopted)
    }

    async fn try_adopt(&self, rows: &[Row]) -> Result<Vec<Adopted>, SubmitError> {
        let unstored: Vec<&Row> = rows.iter().filter(|row| !row.is_stored).collect();
        let names: Vec<&str> = unstored.iter().map(|row| row.name.as_str()).collect();
        let documents = if names.is_empty() { Vec::new() } else { self.store.adoption().documents(&names).await? };
        let mut documents: HashMap<String, String> = documents.into_iter().collect();
        let found: Vec<(Row, Option<String>)> =
            unstored.into_iter().map(|row| (row.clone(), documents.remove(&row.name))).collect();
        let count = found.len();
        let work = move || found.into_iter().map(|(row, document)| item(&row, document)).collect::<Vec<_>>();
        let read = self.blocking(work).await;
        let read = read.unwrap_or_else(|| (0..count).map(|_| Err(Rejection::Internal.into())).collect());
        let (mut items, mut places) = (Vec::new(), Vec::with_capacity(count));
        for item in read {
            places.push(item.map(|item| items.push(item)));
        }
        let mut results = self.uncounted().store_items(items).await?.results.into_iter();
        let mut outcomes = places.into_iter().map(|place| match place {
            Ok(()) => results.next().map_or_else(internal, Adopted::from),
            Err(rejection) => Adopted::Rejected(rejection),
        });
        let outcome = |row: &Row| if row.is_stored { Some(Adopted::Unchanged) } else { outcomes.next() };
        Ok(rows.iter().map(outcome).map(|outcome| outcome.unwrap_or_else(internal)).collect())
    }
}

/// The certificate of a row.
fn item(row: &Row, document: Option<String>) -> Result<Item, RowRejection> {
    let Some(document) = document else {
        let is_too_large = row.octets > DOCUMENT_OCTETS_LIMIT;
        return Err(if is_too_large { RowRejection::TooLarge } else { RowRejection::Gone });
    };
    let packets = document::packets(&document).map_err(RowRejection::Document)?;
    drop(document);
    let mut items = cert::read(packets, UNLIMITED);
    let (first, second) = (items.next(), items.next());
    match (first, second) {
        (Some(Item::Certificate(incoming)), None) => {
            let digits: String = row.name.chars().rev().collect();
            let is_right = incoming.fingerprint().to_string() == digits;
            if is_right { Ok(Item::Certificate(incoming)) } else { Err(RowRejection::OtherFingerprint) }
        }
        (Some(Item::Rejected(rejected)), None) => Err(rejected.reason.into()),
        _ => Err(RowRejection::Document("the document has not the packets of one certificate")),
    }
}

fn internal() -> Adopted {
    Adopted::Rejected(Rejection::Internal.into())
}

impl From<CertificateResult> for Adopted {
    fn from(result: CertificateResult) -> Self {
        match result.outcome {
            Outcome::Inserted => Self::Inserted,
            Outcome::Updated => Self::Updated,
            Outcome::Unchanged => Self::Unchanged,
            Outcome::Rejected(reason) => Self::Rejected(reason.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Batches are bounded in number and octets, keep the order, and leave nothing out.
    #[test]
    fn rows_come_in_chunks() {
        let row = |octets, is_stored| Row { name: String::new(), md5: String::new(), octets, is_stored };
        let sizes = |rows: &[Row]| chunks(rows).iter().map(|chunk| chunk.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&vec![row(1, false); 150]), [64, 64, 22]);
        assert_eq!(sizes(&vec![row(1, true); 150]), [150]);
        assert_eq!(sizes(&vec![row(3 << 20, false); 3]), [1, 1, 1]);
        assert_eq!(sizes(&[row(64 << 20, false), row(1, true), row(1, false)]), [2, 1]);
    }
}
