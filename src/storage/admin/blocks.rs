//! The blocklist.

use std::collections::HashSet;

use super::audit::{self, Deed};
use super::{Block, BlockOutcome, Blocked, Known, Unblock, certificates, deleted_keys};
use crate::domain::{Digests, Fingerprint, Profile};
use crate::storage::StorageError;
use crate::storage::codec::decode_fingerprint;
use crate::storage::gossip::link::{Link, Sql, Work, execute, fetch_all, fetch_scalar, sql};
use crate::storage::gossip::{Settled, Verdict, settled};
use crate::storage::write::Log;

/// The actor of what happens by time alone.
const CLOCK: &str = "expiry";

/// $1: fingerprints.
const STORED: Sql = sql!("SELECT fingerprint FROM certs WHERE fingerprint " listed);

/// $1: fingerprints.
const IN_EFFECT: Sql = Sql {
    postgres: "SELECT fingerprint FROM blocked \
         WHERE fingerprint = ANY($1) AND (expires_at IS NULL OR expires_at > now())",
    sqlite: "SELECT fingerprint FROM blocked WHERE fingerprint IN (SELECT unhex(value) FROM json_each($1)) \
         AND (expires_at IS NULL OR expires_at > unixepoch())",
};

/// $1: fingerprints. Blocks that are in effect, or ended without having been released.
const HEARD_OF: Sql = sql!("SELECT fingerprint FROM blocked WHERE released_at IS NULL AND fingerprint " listed);

/// $1: fingerprints, $2: comment, $3: actor, $4: seconds. A block that had ended begins anew.
const BLOCK: Sql = Sql {
    postgres: "INSERT INTO blocked (fingerprint, comment, actor, expires_at) \
         SELECT d, CAST($2 AS text), CAST($3 AS text), to_timestamp(CAST($4 AS bigint)) FROM UNNEST($1::bytea[]) AS e (d) \
         ON CONFLICT (fingerprint) DO UPDATE SET comment = excluded.comment, actor = excluded.actor, \
         expires_at = excluded.expires_at, released_at = NULL, created_at = \
         CASE WHEN blocked.expires_at <= now() THEN excluded.created_at ELSE blocked.created_at END",
    sqlite: "INSERT INTO blocked (fingerprint, comment, actor, expires_at) \
         SELECT unhex(value), $2, $3, $4 FROM json_each($1) WHERE true \
         ON CONFLICT (fingerprint) DO UPDATE SET comment = excluded.comment, actor = excluded.actor, \
         expires_at = excluded.expires_at, released_at = NULL, created_at = \
         CASE WHEN blocked.expires_at <= unixepoch() THEN excluded.created_at ELSE blocked.created_at END",
};

/// $1: fingerprints.
const UNBLOCK: Sql = sql!("DELETE FROM blocked WHERE fingerprint " listed);

/// $1: the fingerprint before the first, $2: limit.
const LIST: Sql = Sql {
    postgres: "SELECT fingerprint, comment, actor, extract(epoch FROM created_at)::bigint, \
         extract(epoch FROM expires_at)::bigint, (expires_at IS NULL OR expires_at > now()) FROM blocked \
         WHERE fingerprint > $1 ORDER BY fingerprint LIMIT $2",
    sqlite: "SELECT fingerprint, comment, actor, created_at, expires_at, \
         (expires_at IS NULL OR expires_at > unixepoch()) FROM blocked \
         WHERE fingerprint > $1 ORDER BY fingerprint LIMIT $2",
};

const COUNT: Sql = Sql {
    postgres: "SELECT count(*) FROM blocked WHERE expires_at IS NULL OR expires_at > now()",
    sqlite: "SELECT count(*) FROM blocked WHERE expires_at IS NULL OR expires_at > unixepoch()",
};

/// $1: limit.
const RELEASE: Sql = Sql {
    postgres: "UPDATE blocked SET released_at = now() WHERE fingerprint IN (SELECT fingerprint FROM blocked \
         WHERE expires_at <= now() AND released_at IS NULL LIMIT $1) RETURNING fingerprint",
    sqlite: "UPDATE blocked SET released_at = unixepoch() WHERE fingerprint IN (SELECT fingerprint FROM blocked \
         WHERE expires_at <= unixepoch() AND released_at IS NULL LIMIT $1) RETURNING fingerprint",
};

/// $1: limit.
const ENDED: Sql = Sql {
    postgres: "SELECT fingerprint FROM blocked WHERE expires_at <= now() AND released_at IS NULL LIMIT $1",
    sqlite: "SELECT fingerprint FROM blocked WHERE expires_at <= unixepoch() AND released_at IS NULL LIMIT $1",
};

type BlockedRow = (Vec<u8>, String, String, i64, Option<i64>, bool);

pub async fn block(mut link: Link<'_>, block: &Block<'_>) -> Result<Vec<BlockOutcome>, StorageError> {
    let mut work = link.begin().await?;
    certificates::lock_blocklist(&mut work).await?;
    let known = in_effect(work.link(), block.fingerprints).await?;
    let is_wanted = |fingerprint: &Fingerprint| block.known == Known::Overwrite || !known.contains(fingerprint);
    let wanted: Vec<Fingerprint> = block.fingerprints.iter().copied().filter(is_wanted).collect();
    if wanted.is_empty() {
        return Ok(outcomes(block.fingerprints, &HashSet::new(), &known));
    }
    let list = certificates::list(&wanted);
    execute!(work.link(), BLOCK, list, block.comment, block.actor, block.expires_at)?;
    let mut log = Log::default();
    let removed = certificates::delete(&mut work, &wanted, &mut log).await?;
    settled::write(&mut work, &settled_for(&removed)).await?;
    deleted_keys::write(&mut work, &wanted, block.comment).await?;
    let deed = Deed { action: "block", actor: block.actor, targets: &wanted };
    audit::note(&mut work, deed, Some(block.comment), "blocked").await?;
    certificates::append(&mut work, &log).await?;
    work.commit().await?;
    let stored = removed.into_iter().map(|(fingerprint, _)| fingerprint).collect();
    Ok(outcomes(block.fingerprints, &stored, &known))
}

pub async fn foresee(mut link: Link<'_>, fingerprints: &[Fingerprint]) -> Result<Vec<BlockOutcome>, StorageError> {
    let stored = fetch_all!(link.again(), STORED, certificates::list(fingerprints))?;
    let known = in_effect(link, fingerprints).await?;
    Ok(outcomes(fingerprints, &decode("certs", stored)?, &known))
}

pub async fn unblock(mut link: Link<'_>, unblock: &Unblock<'_>) -> Result<Vec<Fingerprint>, StorageError> {
    let mut work = link.begin().await?;
    certificates::lock_blocklist(&mut work).await?;
    let known = in_effect(work.link(), unblock.fingerprints).await?;
    execute!(work.link(), UNBLOCK, certificates::list(unblock.fingerprints))?;
    release(&mut work, unblock.fingerprints).await?;
    let known: Vec<Fingerprint> = unblock.fingerprints.iter().copied().filter(|one| known.contains(one)).collect();
    if !known.is_empty() {
        let deed = Deed { action: "unblock", actor: unblock.actor, targets: &known };
        audit::note(&mut work, deed, Some(unblock.comment), "unblocked").await?;
    }
    work.commit().await?;
    Ok(known)
}

pub async fn list(link: Link<'_>, after: Option<&Fingerprint>, limit: u32) -> Result<Vec<Blocked>, StorageError> {
    let after = after.map(Fingerprint::as_bytes).unwrap_or_default();
    let rows: Vec<BlockedRow> = fetch_all!(link, LIST, after, i64::from(limit))?;
    rows.into_iter()
        .map(|(fingerprint, comment, actor, created_at, expires_at, is_in_effect)| {
            let fingerprint = decode_fingerprint("blocked", &fingerprint)?;
            Ok(Blocked { fingerprint, comment, actor, created_at, expires_at, is_in_effect })
        })
        .collect()
}

pub async fn count(link: Link<'_>) -> Result<u64, StorageError> {
    let count: i64 = fetch_scalar!(link, COUNT)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The rows stay, so that they can be listed. Does not lock when there is nothing to do.
pub async fn release_ended(mut link: Link<'_>, limit: u32) -> Result<u64, StorageError> {
    let ended: Vec<(Vec<u8>,)> = fetch_all!(link.again(), ENDED, i64::from(limit))?;
    if ended.is_empty() {
        return Ok(0);
    }
    let mut work = link.begin().await?;
    certificates::lock_blocklist(&mut work).await?;
    let ended: Vec<(Vec<u8>,)> = fetch_all!(work.link(), RELEASE, i64::from(limit))?;
    let ended: Vec<Fingerprint> = decode("blocked", ended)?.into_iter().collect();
    release(&mut work, &ended).await?;
    if !ended.is_empty() {
        let deed = Deed { action: "unblock", actor: CLOCK, targets: &ended };
        audit::note(&mut work, deed, None, "unblocked").await?;
    }
    work.commit().await?;
    Ok(ended.len() as u64)
}

pub async fn unheard_of(link: Link<'_>, fingerprints: &[Fingerprint]) -> Result<Vec<Fingerprint>, StorageError> {
    let rows = fetch_all!(link, HEARD_OF, certificates::list(fingerprints))?;
    let heard_of = decode("blocked", rows)?;
    Ok(fingerprints.iter().copied().filter(|fingerprint| !heard_of.contains(fingerprint)).collect())
}

/// Undoes what blocks left behind.
async fn release(work: &mut Work<'_>, fingerprints: &[Fingerprint]) -> Result<(), StorageError> {
    certificates::unsettle(work, fingerprints).await?;
    deleted_keys::delete(work, fingerprints).await
}

async fn in_effect(link: Link<'_>, fingerprints: &[Fingerprint]) -> Result<HashSet<Fingerprint>, StorageError> {
    decode("blocked", fetch_all!(link, IN_EFFECT, certificates::list(fingerprints))?)
}

/// Peers go on to have these digests; others of the same certificates are settled when they come.
fn settled_for(removed: &[(Fingerprint, Digests)]) -> Vec<Settled> {
    let of = |(fingerprint, digests): &(Fingerprint, Digests)| {
        let (fingerprint, digests) = (*fingerprint, *digests);
        Profile::ALL.into_iter().filter_map(move |profile| {
            let digest = digests.of(profile)?;
            Some(Settled { digest, profile, reason: Verdict::Blocked, fingerprint: Some(fingerprint) })
        })
    };
    removed.iter().flat_map(of).collect()
}

fn outcomes(
    fingerprints: &[Fingerprint],
    stored: &HashSet<Fingerprint>,
    known: &HashSet<Fingerprint>,
) -> Vec<BlockOutcome> {
    let outcome = |fingerprint: &Fingerprint| BlockOutcome {
        fingerprint: *fingerprint,
        was_stored: stored.contains(fingerprint),
        was_blocked: known.contains(fingerprint),
    };
    fingerprints.iter().map(outcome).collect()
}

fn decode(table: &'static str, rows: Vec<(Vec<u8>,)>) -> Result<HashSet<Fingerprint>, StorageError> {
    rows.into_iter().map(|(octets,)| decode_fingerprint(table, &octets)).collect()
}
