//! Carrying out signed requests, each once.

use super::audit::{self, Deed};
use super::{Carried, Effect, SignedRequest, certificates};
use crate::domain::Fingerprint;
use crate::storage::gossip::link::{Link, Work};
use crate::storage::write::Log;
use crate::storage::{Put, PutOutcome, StorageError};

pub async fn carry_out(mut link: Link<'_>, request: &SignedRequest<'_>) -> Result<Carried, StorageError> {
    let mut work = link.begin().await?;
    let (action, targets) = match request.effect {
        Effect::Delete(fingerprints) => ("delete", fingerprints.to_vec()),
        Effect::Replace(puts) => ("replace", puts.iter().map(|put| put.record.fingerprint).collect()),
    };
    let actor = request.signer.to_string();
    let deed = Deed { action, actor: &actor, targets: &targets };
    if !audit::claim(&mut work, deed, request.signed).await? {
        return Ok(Carried::Replayed);
    }
    let (carried, log) = match request.effect {
        Effect::Delete(fingerprints) => delete(&mut work, fingerprints).await?,
        Effect::Replace(puts) => replace(&mut work, puts).await?,
    };
    let outcome = match &carried {
        Carried::Deleted(found) if found.is_empty() => "unknown",
        Carried::Deleted(_) => "deleted",
        Carried::Replaced(_) => "replaced",
        Carried::Refused(_) | Carried::Replayed => return Ok(carried),
    };
    // What was settled before was judged against what was stored before.
    certificates::unsettle(&mut work, &targets).await?;
    audit::conclude(&mut work, request.signed, outcome).await?;
    certificates::append(&mut work, &log).await?;
    work.commit().await?;
    Ok(carried)
}

async fn delete(work: &mut Work<'_>, fingerprints: &[Fingerprint]) -> Result<(Carried, Log), StorageError> {
    let mut log = Log::default();
    let deleted = certificates::delete(work, fingerprints, &mut log).await?;
    Ok((Carried::Deleted(deleted.into_iter().map(|(fingerprint, _)| fingerprint).collect()), log))
}

/// Updating a row keeps counting its revisions, so that a merge with what was there before cannot be written any more.
async fn replace(work: &mut Work<'_>, puts: &[Put]) -> Result<(Carried, Log), StorageError> {
    let (outcomes, log) = certificates::put(work, puts).await?;
    let is_written = |outcome: &PutOutcome| matches!(outcome, PutOutcome::Inserted | PutOutcome::Updated);
    let carried =
        if outcomes.iter().all(is_written) { Carried::Replaced(outcomes) } else { Carried::Refused(outcomes) };
    Ok((carried, log))
}
