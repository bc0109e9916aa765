//! Certificates and revocations on their way into the store.

use bytes::Bytes;

use super::frame::Packets;
use super::judge::judge_new;
use super::key::Key;
use super::model::{Builder, Dropped, DroppedPacket, Judged, Model, Verdict};
use super::packet::{Packet, tag};
use super::rejection::Rejection;
use super::signature::{Signature, kind};
use super::summarise;
use super::user_id::UserId;
use crate::domain::summary::Issuer;
use crate::domain::{Fingerprint, Record};

/// A parsed certificate whose signatures are verified when it is merged, each at most once.
#[derive(Debug)]
pub struct Incoming {
    builder: Builder,
    octets: usize,
}

/// The result of merging with the stored form.
#[derive(Debug)]
pub enum Merged {
    /// Nothing new.
    Unchanged,
    Changed(Box<Record>),
}

impl Incoming {
    pub(super) fn new(builder: Builder) -> Self {
        let octets = builder.model.primary.packet.body.len();
        Self { builder, octets }
    }

    pub(super) fn push(&mut self, packet: Packet) {
        self.octets += packet.body.len();
        self.builder.push(packet, None);
    }

    pub(super) fn skip(&mut self, tag: u8, reason: &'static str) {
        self.builder.dropped.add(tag, None, reason);
    }

    pub fn fingerprint(&self) -> Fingerprint {
        self.builder.model.primary.fingerprint
    }

    /// The sum of the lengths of all packets that were read, in octets.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Normalises; with `stored`, the packets of the stored form, the union of both. The stored
    /// primary key and subkey packets win over others with the same fingerprint.
    pub fn merge(&mut self, stored: Option<&[u8]>) -> Result<Merged, Rejection> {
        let Builder { model, dropped, .. } = &mut self.builder;
        let Some(packets) = stored else {
            judge_new(model, None, dropped);
            let record = summarise::record(model).ok_or(Rejection::NoValidSelfSignature)?;
            return Ok(Merged::Changed(Box::new(record)));
        };
        let mut base = stored_model(packets).ok_or(Rejection::Internal)?;
        judge_new(model, Some(&base), dropped);
        absorb(&mut base, model)?;
        finish(&base, packets)
    }

    /// The packets that were dropped so far, the first of them with reasons; complete after [`Incoming::merge`].
    pub fn dropped(&self) -> &[DroppedPacket] {
        &self.builder.dropped.listed
    }

    /// How many packets were dropped so far.
    pub fn dropped_count(&self) -> usize {
        self.builder.dropped.count
    }
}

/// A revocation without its certificate.
#[derive(Clone, Debug)]
pub struct BareSignature {
    signature: Signature,
}

impl BareSignature {
    pub(super) fn new(signature: Signature) -> Self {
        Self { signature }
    }

    /// Whose certificate it revokes, if it is a revocation; `None` if it is not.
    pub fn revokes(&self) -> Option<Issuer> {
        self.signature.issuer().filter(|_| self.signature.kind == kind::KEY_REVOCATION)
    }

    /// The stored certificate with the revocation.
    pub fn merge(&self, stored: &[u8]) -> Result<Merged, Rejection> {
        let mut base = stored_model(stored).ok_or(Rejection::Internal)?;
        if base.direct.contains(&self.signature) {
            return Ok(Merged::Unchanged);
        }
        if !self.signature.claims_issuer(&base.primary.fingerprint) {
            return Err(Rejection::InvalidRevocation);
        }
        let key = Key::parse(base.primary.packet.clone()).map_err(|_| Rejection::Internal)?;
        let mut alone = Model::new(key);
        alone.direct.add(Judged { signature: self.signature.clone(), verdict: None });
        judge_new(&mut alone, None, &mut Dropped::default());
        if alone.direct.good().next().is_none() {
            return Err(Rejection::InvalidRevocation);
        }
        absorb(&mut base, &alone)?;
        finish(&base, stored)
    }
}

/// The model of a stored form, all of which was judged before it was stored.
fn stored_model(packets: &[u8]) -> Option<Model> {
    let mut builder: Option<Builder> = None;
    for packet in Packets::new(Bytes::copy_from_slice(packets)) {
        let packet = packet.ok()?;
        match &mut builder {
            None if packet.tag == tag::PUBLIC_KEY => builder = Some(Builder::new(Key::parse(packet).ok()?)),
            None => return None,
            Some(builder) => builder.push(packet, Some(Verdict::Good)),
        }
    }
    builder.map(|builder| builder.model)
}

/// Adds to `base` all of `model` that is judged good.
fn absorb(base: &mut Model, model: &Model) -> Result<(), Rejection> {
    let good = |list: &super::model::Signatures| {
        let judged = |signature: &Signature| Judged { signature: signature.clone(), verdict: Some(Verdict::Good) };
        list.good().map(judged).collect::<Vec<_>>()
    };
    good(&model.direct).into_iter().for_each(|judged| base.direct.add(judged));
    for user_id in &model.user_ids {
        let signatures = good(&user_id.signatures);
        if signatures.is_empty() {
            continue;
        }
        let at = base.user_id(UserId::parse(user_id.packet.clone()).ok_or(Rejection::Internal)?);
        let list = base.user_ids.get_mut(at).ok_or(Rejection::Internal)?;
        signatures.into_iter().for_each(|judged| list.signatures.add(judged));
    }
    for subkey in &model.subkeys {
        let signatures = good(&subkey.signatures);
        if signatures.is_empty() {
            continue;
        }
        let key = Key::parse(subkey.key.packet.clone()).map_err(|_| Rejection::Internal)?;
        let at = base.subkey(key);
        let list = base.subkeys.get_mut(at).ok_or(Rejection::Internal)?;
        signatures.into_iter().for_each(|judged| list.signatures.add(judged));
    }
    Ok(())
}

fn finish(model: &Model, stored: &[u8]) -> Result<Merged, Rejection> {
    let record = summarise::record(model).ok_or(Rejection::NoValidSelfSignature)?;
    Ok(if record.packets == stored { Merged::Unchanged } else { Merged::Changed(Box::new(record)) })
}
