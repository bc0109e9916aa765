//! Requests that an administrator signed: who signed a text, and what it names.
//!
//! Unlike the signatures of certificates, of which everything counts that was ever right, a signature that
//! orders something is held to sequoia's policy, and its key has to be good when it was made and when it is used.
//!
//! sequoia keeps every signature that it found right in a cache of the process. Here it sees only certificates of
//! administrators, without what others signed, and signatures by these: nobody else can make the cache grow.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use sequoia_openpgp::cert::amalgamation::ValidAmalgamation;
use sequoia_openpgp::cert::amalgamation::key::ValidErasedKeyAmalgamation;
use sequoia_openpgp::packet::key::PublicParts;
use sequoia_openpgp::parse::Parse;
use sequoia_openpgp::parse::stream::{
    DetachedVerifierBuilder, GoodChecksum, MessageLayer, MessageStructure, VerificationHelper,
};
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::types::RevocationStatus;
use sequoia_openpgp::{Cert, KeyHandle};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::frame::Packets;
use super::key::Key;
use super::packet::{Packet, tag};
use super::rejection::Rejection;
use super::signature::Signature;
use super::{BareSignature, DecodeError, Incoming, Item, Limits, decode};
use crate::domain::Fingerprint;

/// The longest armored signature that is read, in octets. The longest that there is has half of it.
pub const SIGNATURE_OCTETS_LIMIT: usize = 65_536;
/// The most certificates that one request may name.
pub const TARGETS_LIMIT: usize = 1_000;
/// How much a signer's clock may be ahead.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// Who signed what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The primary key's fingerprint of the certificate.
    pub signer: Fingerprint,
    /// A hash of the signer and of what was signed, its time included: the same for every form in which the signature
    /// may come, in other armor or with other unhashed subpackets.
    pub what: [u8; 32],
}

/// Why a signature does not count. For the log; strangers must not learn which it was.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the signature cannot be read")]
    Unreadable,
    #[error("there is not exactly one signature")]
    NotOne,
    #[error("the signature is longer than {SIGNATURE_OCTETS_LIMIT} octets")]
    TooLong,
    #[error("none of the administrators' certificates is stored")]
    NoAdministrator,
    #[error("the signature is not good: {0}")]
    NotGood(String),
    #[error("the signing key is not good any more: {0}")]
    NotGoodAnyMore(String),
}

/// What a request names.
#[derive(Debug)]
pub enum Target {
    /// The primary key's fingerprint is all that counts.
    Fingerprint(Fingerprint),
    /// All that lookups answer of a certificate that is revoked for good.
    Revocation(BareSignature),
}

/// Checks an armored or binary detached signature of `text` against `administrators`, certificates in their stored
/// form. Both kinds of document signature are good, of binary data and of text; signatures of version 3 are not,
/// since sequoia's policy refuses them.
pub fn verify(signature: &[u8], text: &[u8], administrators: &[Bytes], now: SystemTime) -> Result<Signed, Refusal> {
    let (packet, created) = only_signature(signature)?;
    let is_little_ahead = created > now && created <= now.checked_add(CLOCK_SKEW).unwrap_or(now);
    let time = if is_little_ahead { created } else { now };
    let certs: Vec<Cert> =
        administrators.iter().filter_map(|packets| Cert::from_bytes(&own_packets(packets)?).ok()).collect();
    if certs.is_empty() {
        return Err(Refusal::NoAdministrator);
    }
    let policy = StandardPolicy::at(time);
    let helper = Helper { certs, time, signed: Err(Refusal::Unreadable) };
    let mut verifier = DetachedVerifierBuilder::from_bytes(&packet)
        .and_then(|builder| builder.with_policy(&policy, time, helper))
        .map_err(|_| Refusal::Unreadable)?;
    verifier.verify_bytes(text).map_err(|error| Refusal::NotGood(error.to_string()))?;
    verifier.into_helper().signed
}

/// The certificates in armored `text`, each named once in any number of blocks. Limits on certificates do not count:
/// what is too large must be possible to delete.
pub fn targets(text: &Bytes) -> Result<Vec<Target>, Rejection> {
    let mut targets = Vec::new();
    for item in items(text, Limits { certificate_octets: 0, packet_octets: 0, signature_octets: 0 })? {
        targets.push(match item {
            Item::Certificate(incoming) => Target::Fingerprint(incoming.fingerprint()),
            Item::BareSignature(signature) => Target::Revocation(signature),
            Item::Rejected(rejected) => match rejected.fingerprint {
                Some(fingerprint) => Target::Fingerprint(fingerprint),
                None => return Err(rejected.reason),
            },
        });
    }
    Ok(targets)
}

/// The certificates in armored `text`, within the limits on what is stored.
pub fn replacements(text: &Bytes, limits: Limits) -> Result<Vec<Incoming>, Rejection> {
    let certificates = items(text, limits)?.into_iter().map(|item| match item {
        Item::Certificate(incoming) => Ok(*incoming),
        Item::BareSignature(_) => Err(Rejection::NoCertificate),
        Item::Rejected(rejected) => Err(rejected.reason),
    });
    certificates.collect()
}

fn items(text: &Bytes, limits: Limits) -> Result<Vec<Item>, Rejection> {
    let mut items = Vec::new();
    let streams = decode(text).map_err(|error| match error {
        DecodeError::NoArmor => Rejection::NoCertificate,
        DecodeError::Damaged { .. } => Rejection::Armor,
        DecodeError::TooMany => Rejection::TooMany(TARGETS_LIMIT),
    })?;
    for stream in streams {
        items.extend(super::read(stream, limits).take(TARGETS_LIMIT + 1));
        if items.len() > TARGETS_LIMIT {
            return Err(Rejection::TooMany(TARGETS_LIMIT));
        }
    }
    if items.is_empty() { Err(Rejection::NoCertificate) } else { Ok(items) }
}

/// The packet of the only signature, and when it was made by its own word.
fn only_signature(signature: &[u8]) -> Result<(BytesMut, SystemTime), Refusal> {
    if signature.len() > SIGNATURE_OCTETS_LIMIT {
        return Err(Refusal::TooLong);
    }
    let streams = decode(&Bytes::copy_from_slice(signature)).map_err(|_| Refusal::Unreadable)?;
    let mut packets = streams.into_iter().flat_map(Packets::new);
    let (first, second) = (packets.next(), packets.next());
    let Some(Ok(packet)) = first.filter(|_| second.is_none()) else { return Err(Refusal::NotOne) };
    if packet.tag != tag::SIGNATURE {
        return Err(Refusal::Unreadable);
    }
    let mut framed = BytesMut::new();
    packet.write(&mut framed);
    let signature = Signature::parse(packet).map_err(|_| Refusal::Unreadable)?;
    Ok((framed, SystemTime::UNIX_EPOCH + Duration::from_secs(signature.created.into())))
}

/// A stored certificate without the signatures of others, of which there may be any number.
fn own_packets(stored: &Bytes) -> Option<BytesMut> {
    let mut out = BytesMut::new();
    let mut primary: Option<Fingerprint> = None;
    for packet in Packets::new(stored.clone()) {
        let packet = packet.ok()?;
        if primary.is_none() {
            primary = Some(Key::parse(packet.clone()).ok()?.fingerprint);
        }
        if is_own(&packet, primary?) {
            packet.write(&mut out);
        }
    }
    Some(out)
}

fn is_own(packet: &Packet, primary: Fingerprint) -> bool {
    packet.tag != tag::SIGNATURE
        || Signature::parse(packet.clone()).is_ok_and(|signature| signature.claims_issuer(&primary))
}

/// What sequoia's verifier asks back.
struct Helper {
    certs: Vec<Cert>,
    time: SystemTime,
    signed: Result<Signed, Refusal>,
}

impl VerificationHelper for Helper {
    fn get_certs(&mut self, _: &[KeyHandle]) -> sequoia_openpgp::Result<Vec<Cert>> {
        Ok(self.certs.clone())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> sequoia_openpgp::Result<()> {
        let mut results = structure.into_iter().flat_map(|layer| match layer {
            MessageLayer::SignatureGroup { results } => results,
            MessageLayer::Compression { .. } | MessageLayer::Encryption { .. } => Vec::new(),
        });
        self.signed = match (results.next(), results.next()) {
            (Some(Ok(good)), None) => signed(&good, self.time),
            (Some(Err(error)), None) => Err(Refusal::NotGood(error.to_string())),
            _ => Err(Refusal::NotOne),
        };
        Ok(())
    }
}

/// The verifier has looked at the key as it was when the signature was made: who has an old key could make old
/// signatures. So it has to be good now as well.
fn signed(good: &GoodChecksum<'_>, now: SystemTime) -> Result<Signed, Refusal> {
    let (cert, policy) = (good.ka.cert(), StandardPolicy::at(now));
    let made_by = good.ka.key().fingerprint();
    let mut keys = cert.keys().with_policy(&policy, now);
    let key = keys.find(|key| key.key().fingerprint() == made_by);
    let key = key.ok_or_else(|| Refusal::NotGoodAnyMore("it is not bound by the policy".into()))?;
    check(&key).map_err(Refusal::NotGoodAnyMore)?;
    let signer = Fingerprint::from_bytes(cert.fingerprint().as_bytes()).map_err(|_| Refusal::Unreadable)?;
    let digest = good.sig.computed_digest().ok_or(Refusal::Unreadable)?;
    let mut hash = Sha256::new();
    hash.update(signer.as_bytes());
    hash.update([u8::from(good.sig.hash_algo())]);
    hash.update(digest);
    Ok(Signed { signer, what: hash.finalize().into() })
}

fn check(key: &ValidErasedKeyAmalgamation<'_, PublicParts>) -> Result<(), String> {
    key.valid_cert().alive().and_then(|()| key.alive()).map_err(|error| error.to_string())?;
    if matches!(key.valid_cert().revocation_status(), RevocationStatus::Revoked(_)) {
        return Err("the certificate is revoked".into());
    }
    if matches!(key.revocation_status(), RevocationStatus::Revoked(_)) {
        return Err("the key is revoked".into());
    }
    if key.for_signing() { Ok(()) } else { Err("it may not sign".into()) }
}
