//! The account of who did what.

use crate::domain::Fingerprint;
use crate::storage::StorageError;
use crate::storage::gossip::link::{Link, Sql, Work, execute, sql};

/// $1: action, $2: actor, $3: targets, $4: comment, $5: outcome, $6: what was signed.
const NOTE: Sql = sql!(
    "INSERT INTO admin_requests (action, actor, targets, comment, outcome, signed) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (signed) DO NOTHING"
);

/// $1: what was signed, $2: outcome.
const CONCLUDE: Sql = sql!("UPDATE admin_requests SET outcome = $2 WHERE signed = $1");

/// Of a signed request that is being carried out; nobody else sees it.
const PENDING: &str = "pending";

/// What an operator did.
#[derive(Clone, Copy)]
pub struct Deed<'a> {
    pub action: &'static str,
    pub actor: &'a str,
    pub targets: &'a [Fingerprint],
}

/// Notes what a command or the server itself did.
pub async fn note(
    work: &mut Work<'_>,
    deed: Deed<'_>,
    comment: Option<&str>,
    outcome: &str,
) -> Result<(), StorageError> {
    insert(work, deed, (comment, outcome), None).await.map(drop)
}

/// Takes the right to carry out a signed request. Waits for others that carry out an equal one; answers false when one
/// of them was faster.
pub async fn claim(work: &mut Work<'_>, deed: Deed<'_>, signed: &[u8]) -> Result<bool, StorageError> {
    Ok(insert(work, deed, (None, PENDING), Some(signed)).await? > 0)
}

/// Notes what became of a request that was claimed.
pub async fn conclude(work: &mut Work<'_>, signed: &[u8], outcome: &str) -> Result<(), StorageError> {
    execute!(work.link(), CONCLUDE, signed, outcome).map(drop)
}

async fn insert(
    work: &mut Work<'_>,
    deed: Deed<'_>,
    (comment, outcome): (Option<&str>, &str),
    signed: Option<&[u8]>,
) -> Result<u64, StorageError> {
    let targets: Vec<String> = deed.targets.iter().map(ToString::to_string).collect();
    let targets = targets.join(" ");
    execute!(work.link(), NOTE, deed.action, deed.actor, targets.as_str(), comment, outcome, signed)
}
