//! What administrators ask for with a signature: deleting certificates, and putting others in their place.

use std::collections::HashSet;
use std::time::SystemTime;

use bytes::Bytes;
use thiserror::Error;

use super::Keyring;
use super::submit::{back_off, search_for};
use crate::cert::admin::{self, Refusal, Signed, Target};
use crate::cert::{Incoming, Merged, Rejection};
use crate::domain::{Fingerprint, Record, Search};
use crate::storage::admin::{Carried, Effect, SignedRequest};
use crate::storage::adopt::Wanted;
use crate::storage::{Put, PutOutcome, StorageError};

/// How often a replacement is tried because somebody else wrote the certificate at the same time.
const CONFLICT_LIMIT: u32 = 100;

/// What is asked for: the first line of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Delete,
    Replace,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub action: Action,
    /// The line that names the action, and armored certificates.
    pub text: Bytes,
    /// A detached signature of exactly `text`, armored.
    pub signature: Bytes,
    /// The primary keys' fingerprints of those who may ask.
    pub administrators: &'a [Fingerprint],
    pub now: SystemTime,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Administered {
    pub deleted: Vec<Fingerprint>,
    /// Was to be deleted and was not there.
    pub unknown: Vec<Fingerprint>,
    pub inserted: Vec<Fingerprint>,
    pub updated: Vec<Fingerprint>,
}

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum AdminError {
    #[error("the text must begin with the line {0}")]
    FirstLine(&'static str),
    #[error("the request has no signature that this server accepts")]
    Refused(#[source] Refusal),
    #[error("{0}")]
    Unreadable(Rejection),
    /// The signature was good, and is used up.
    #[error("none of these certificates is stored here")]
    Unknown,
    #[error("this request was carried out before; sign it again to repeat it")]
    Replayed,
    #[error("the certificate is being changed by too many others at once")]
    Contended,
    #[error("the request could not be processed")]
    Internal,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Action {
    /// The first line of a request's text.
    pub fn line(self) -> &'static str {
        match self {
            Self::Delete => "/pks/delete",
            Self::Replace => "/pks/replace",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Replace => "replace",
        }
    }

    /// Whether `text` has the line, with any line end.
    fn is_asked_by(self, text: &[u8]) -> bool {
        text.strip_prefix(self.line().as_bytes()).is_some_and(|rest| rest.starts_with(b"\n") || rest.starts_with(b"\r"))
    }
}

impl AdminError {
    fn label(&self) -> &'static str {
        match self {
            Self::FirstLine(_) | Self::Unreadable(_) => "invalid",
            Self::Refused(_) => "refused",
            Self::Unknown => "unknown",
            Self::Replayed => "replayed",
            Self::Contended | Self::Internal | Self::Storage(_) => "failed",
        }
    }
}

impl Keyring {
    /// Does what an administrator signed, once, wholly or not at all.
    pub async fn administer(&self, request: Request<'_>) -> Result<Administered, AdminError> {
        let action = request.action;
        let result = self.try_administer(request).await;
        let label = result.as_ref().map_or_else(AdminError::label, |_| "done");
        self.metrics.admin_requests.with_label_values(&[action.label(), label]).inc();
        result
    }

    async fn try_administer(&self, request: Request<'_>) -> Result<Administered, AdminError> {
        if !request.action.is_asked_by(&request.text) {
            return Err(AdminError::FirstLine(request.action.line()));
        }
        let signed = self.verified(&request).await?;
        let action = request.action;
        let done = match action {
            Action::Delete => self.delete(request.text, &signed).await?,
            Action::Replace => self.replace(request.text, &signed).await?,
        };
        let Administered { deleted, inserted, updated, .. } = &done;
        let signer = signed.signer;
        tracing::info!(action = action.label(), %signer, ?deleted, ?inserted, ?updated, "a signed request was carried out");
        Ok(done)
    }

    /// The certificates are read anew for each request: one that was just submitted counts.
    async fn verified(&self, request: &Request<'_>) -> Result<Signed, AdminError> {
        let stored = self.store.merge_bases(request.administrators).await?;
        let administrators: Vec<Bytes> = stored.into_iter().map(|base| base.packets).collect();
        let Request { text, signature, now, .. } = request.clone();
        let verify = move || admin::verify(&signature, &text, &administrators, now);
        self.blocking(verify).await.ok_or(AdminError::Internal)?.map_err(AdminError::Refused)
    }

    async fn delete(&self, text: Bytes, signed: &Signed) -> Result<Administered, AdminError> {
        let targets = self.blocking(move || admin::targets(&text)).await.ok_or(AdminError::Internal)?;
        let mut named = Vec::new();
        for target in targets.map_err(AdminError::Unreadable)? {
            match target {
                Target::Fingerprint(fingerprint) => named.push(fingerprint),
                Target::Revocation(revocation) => named.extend(self.revoked_by(revocation).await?),
            }
        }
        let named = once_each(named);
        for fingerprint in &named {
            self.adopt_first(Wanted::Matching(&Search::Fingerprint(*fingerprint))).await;
        }
        let deleted = match self.carry_out(signed, Effect::Delete(&named)).await? {
            Carried::Deleted(deleted) => deleted,
            Carried::Replayed => return Err(AdminError::Replayed),
            Carried::Replaced(_) | Carried::Refused(_) => return Err(AdminError::Internal),
        };
        self.note_removed(deleted.len());
        if deleted.is_empty() {
            return Err(AdminError::Unknown);
        }
        let (deleted, unknown) = named.into_iter().partition(|fingerprint| deleted.contains(fingerprint));
        Ok(Administered { deleted, unknown, ..Administered::default() })
    }

    /// The stored certificates that have the revocation or might.
    async fn revoked_by(&self, revocation: crate::cert::BareSignature) -> Result<Vec<Fingerprint>, AdminError> {
        let Some(issuer) = revocation.revokes() else { return Err(AdminError::Unreadable(Rejection::NotARevocation)) };
        let found = self.store.certificates(&search_for(issuer), self.settings().result_limit).await?;
        let check = move || {
            let revoked = found.iter().filter(|stored| revocation.merge(&stored.packets).is_ok());
            revoked.map(|stored| stored.fingerprint).collect()
        };
        self.blocking(check).await.ok_or(AdminError::Internal)
    }

    async fn replace(&self, text: Bytes, signed: &Signed) -> Result<Administered, AdminError> {
        let limits = self.settings().limits;
        let records = self.blocking(move || records(admin::replacements(&text, limits)?)).await;
        let records = records.ok_or(AdminError::Internal)?.map_err(AdminError::Unreadable)?;
        let named: Vec<Fingerprint> = records.iter().map(|record| record.fingerprint).collect();
        for attempt in 0..CONFLICT_LIMIT {
            back_off(attempt).await;
            let puts = self.puts_over(&records).await?;
            match self.carry_out(signed, Effect::Replace(&puts)).await? {
                Carried::Replaced(outcomes) => return Ok(replaced(&named, &outcomes)),
                Carried::Replayed => return Err(AdminError::Replayed),
                Carried::Deleted(_) => return Err(AdminError::Internal),
                Carried::Refused(outcomes) if outcomes.contains(&PutOutcome::Blocked) => {
                    return Err(AdminError::Unreadable(Rejection::Blocked));
                }
                Carried::Refused(outcomes) if outcomes.contains(&PutOutcome::DigestTaken) => {
                    return Err(AdminError::Unreadable(Rejection::DigestTaken));
                }
                Carried::Refused(_) => {}
            }
        }
        Err(AdminError::Contended)
    }

    /// Each record over whatever is stored at this moment.
    async fn puts_over(&self, records: &[Record]) -> Result<Vec<Put>, StorageError> {
        let fingerprints: Vec<Fingerprint> = records.iter().map(|record| record.fingerprint).collect();
        let bases = self.store.merge_bases(&fingerprints).await?;
        let base = |fingerprint| bases.iter().find(|base| base.fingerprint == fingerprint).map(|base| base.revision);
        Ok(records.iter().map(|record| Put { record: record.clone(), base: base(record.fingerprint) }).collect())
    }

    async fn carry_out(&self, signed: &Signed, effect: Effect<'_>) -> Result<Carried, StorageError> {
        let request = SignedRequest { signer: signed.signer, signed: &signed.what, effect };
        self.store.admin().carry_out(&request).await
    }
}

/// What is stored of each certificate by itself, merged with nothing.
fn records(certificates: Vec<Incoming>) -> Result<Vec<Record>, Rejection> {
    let mut seen = HashSet::new();
    let mut records = Vec::new();
    for mut certificate in certificates {
        let Merged::Changed(record) = certificate.merge(None)? else { return Err(Rejection::Internal) };
        if !seen.insert(record.fingerprint) {
            return Err(Rejection::Repeated);
        }
        records.push(*record);
    }
    Ok(records)
}

fn replaced(named: &[Fingerprint], outcomes: &[PutOutcome]) -> Administered {
    let mut done = Administered::default();
    for (fingerprint, outcome) in named.iter().zip(outcomes) {
        let list = if *outcome == PutOutcome::Inserted { &mut done.inserted } else { &mut done.updated };
        list.push(*fingerprint);
    }
    done
}

/// In the order of the first time.
pub(super) fn once_each(fingerprints: Vec<Fingerprint>) -> Vec<Fingerprint> {
    let mut seen = HashSet::new();
    fingerprints.into_iter().filter(|fingerprint| seen.insert(*fingerprint)).collect()
}
