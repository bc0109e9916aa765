//! Judging signatures: a self-signature must verify; a signature by another key must be of the
//! right type for its place and carry the first 16 bits of the right hash.

use super::hash::PrimaryKeyHashes;
use super::key::Key;
use super::model::{Dropped, Judged, Model, Verdict};
use super::packet::{Packet, length_octets, tag};
use super::signature::{Signature, kind};

/// What a signature is over, besides the primary key.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    Primary,
    UserId(&'a Packet),
    Subkey(&'a Key),
}

/// Judges signatures over the components of one primary key. Each is hashed once; the state after
/// the primary key is shared by all that use the same hash algorithm.
pub(super) struct Judge<'a> {
    primary: &'a Key,
    hashes: PrimaryKeyHashes,
}

/// Judges every signature of `incoming` that is not judged yet and that `stored` does not have:
/// what is stored has been judged when it was stored.
pub(super) fn judge_new(incoming: &mut Model, stored: Option<&Model>, dropped: &mut Dropped) {
    let Model { primary, direct, user_ids, subkeys, .. } = incoming;
    let mut judge = Judge { primary, hashes: PrimaryKeyHashes::default() };
    let is_new = |list: Option<&super::model::Signatures>, judged: &Judged| {
        judged.verdict.is_none() && !list.is_some_and(|list| list.contains(&judged.signature))
    };
    let known = stored.map(|stored| &stored.direct);
    for judged in direct.iter_mut().filter(|judged| is_new(known, judged)) {
        judge.decide(judged, Target::Primary, dropped);
    }
    for user_id in user_ids {
        let known = stored.and_then(|stored| stored.find_user_id(&user_id.packet)).map(|known| &known.signatures);
        for judged in user_id.signatures.iter_mut().filter(|judged| is_new(known, judged)) {
            judge.decide(judged, Target::UserId(&user_id.packet), dropped);
        }
    }
    for subkey in subkeys {
        let known = stored.and_then(|stored| stored.find_subkey(&subkey.key)).map(|known| &known.signatures);
        for judged in subkey.signatures.iter_mut().filter(|judged| is_new(known, judged)) {
            judge.decide(judged, Target::Subkey(&subkey.key), dropped);
        }
    }
}

impl Judge<'_> {
    fn decide(&mut self, judged: &mut Judged, target: Target<'_>, dropped: &mut Dropped) {
        let verdict = self.judge(&judged.signature, target);
        if let Verdict::Bad(reason) = verdict {
            dropped.add(tag::SIGNATURE, Some(judged.signature.kind), reason);
        }
        judged.verdict = Some(verdict);
    }

    fn judge(&mut self, signature: &Signature, target: Target<'_>) -> Verdict {
        let is_self = signature.claims_issuer(&self.primary.fingerprint);
        if !fits(signature, target, is_self) {
            return Verdict::Bad("its type has no place there");
        }
        if signature.version == 3 && !version3_fits(signature, target, self.primary, is_self) {
            return Verdict::Bad("a version 3 signature has no place there");
        }
        let digest = self.digest(signature, target);
        if !is_self {
            return if tag_matches(signature, &digest) {
                Verdict::Good
            } else {
                Verdict::Bad("it is not plausible: its hash prefix is wrong")
            };
        }
        // The prefix of version 4 self-signatures is not checked, only the signature itself.
        let prefix = signature.version == 4 || tag_matches(signature, &digest);
        if !prefix || !verifies(self.primary, signature, &digest) {
            return Verdict::Bad("the self-signature is not valid");
        }
        match target {
            Target::Subkey(subkey) if signature.subpackets.may_sign => self.judge_back_signature(signature, subkey),
            _ => Verdict::Good,
        }
    }

    /// A subkey that may sign must itself have agreed to belong to the primary key.
    fn judge_back_signature(&mut self, signature: &Signature, subkey: &Key) -> Verdict {
        let Some(embedded) = signature.subpackets.embedded.as_deref() else {
            return Verdict::Bad("a signing subkey lacks its back signature");
        };
        let digest = self.digest(embedded, Target::Subkey(subkey));
        let prefix = embedded.version == 4 || tag_matches(embedded, &digest);
        if prefix && verifies(subkey, embedded, &digest) {
            Verdict::Good
        } else {
            Verdict::Bad("the back signature of a signing subkey is not valid")
        }
    }

    /// RFC 9580 section 5.2.4.
    fn digest(&mut self, signature: &Signature, target: Target<'_>) -> Box<[u8]> {
        let mut context = self.hashes.context(signature.hash, signature.salt(), &self.primary.hashed);
        match target {
            Target::Primary => {}
            Target::UserId(user_id) => {
                if signature.version > 3 {
                    context.update(&[0xb4]);
                    context.update(&length_octets(&user_id.body));
                }
                context.update(&user_id.body);
            }
            Target::Subkey(subkey) => context.update(&subkey.hashed),
        }
        signature.digest(context)
    }
}

fn fits(signature: &Signature, target: Target<'_>, is_self: bool) -> bool {
    match (target, signature.kind) {
        (Target::Subkey(_), kind::SUBKEY_BINDING) => is_self,
        (Target::Primary, kind::KEY_REVOCATION | kind::DIRECT_KEY)
        | (Target::UserId(_), kind::CERTIFICATION_FIRST..=kind::CERTIFICATION_LAST | kind::CERTIFICATION_REVOCATION)
        | (Target::Subkey(_), kind::SUBKEY_REVOCATION) => true,
        _ => false,
    }
}

/// Version 3 signatures cannot bind signing subkeys, which need a back signature.
fn version3_fits(signature: &Signature, target: Target<'_>, primary: &Key, is_self: bool) -> bool {
    match target {
        Target::Primary => primary.version == 4 && signature.kind == kind::KEY_REVOCATION,
        Target::UserId(_) => true,
        Target::Subkey(subkey) => subkey.version == 4 && !(is_self && subkey.can_sign()),
    }
}

fn tag_matches(signature: &Signature, digest: &[u8]) -> bool {
    digest.first_chunk() == Some(&signature.hash_tag)
}

fn verifies(key: &Key, signature: &Signature, digest: &[u8]) -> bool {
    if key.algorithm != signature.algorithm {
        return false;
    }
    let (Some(verifier), Some(value)) = (key.verifier(), signature.value()) else { return false };
    verifier.verify(&value, signature.hash, digest)
}
