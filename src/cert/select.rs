//! Selecting what of a certificate is kept: the structural half of normalisation, after judging.
//!
//! What is stored is the union of what the profiles keep; each profile's selection of it is what
//! that profile's digest covers. Selecting is a function of the set of packets alone: order of
//! arrival does not matter, and ties are broken by the packets' octets.

use std::cmp::Reverse;

use super::key::Key;
use super::limits::PACKET_OCTETS_LIMIT_V23;
use super::model::{Model, Signatures, Subkey};
use super::packet::Packet;
use super::signature::{Signature, kind};
use super::user_id::UserId;
use crate::domain::Profile;

/// Which selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// What any profile keeps.
    Stored,
    Of(Profile),
}

/// A part of a model, in serving order.
#[derive(Debug)]
pub struct Selection<'a> {
    pub primary: &'a Key,
    pub direct: Selected<'a>,
    pub user_ids: Vec<(&'a UserId, Selected<'a>)>,
    pub subkeys: Vec<(&'a Subkey, Selected<'a>)>,
}

/// The selected signatures over one component.
#[derive(Debug, Default)]
pub struct Selected<'a> {
    /// Self-revocations, oldest first.
    pub revocations: Vec<&'a Signature>,
    /// Self-certifications, newest first.
    pub certifications: Vec<&'a Signature>,
    /// Signatures by other keys, oldest first.
    pub others: Vec<&'a Signature>,
}

/// The selection by `rules`; `None` if nothing that is bound to the primary key is left.
pub fn select(model: &Model, rules: Rules) -> Option<Selection<'_>> {
    if !rules.accept_key(&model.primary) {
        return None;
    }
    let selector = Selector { primary: &model.primary, rules };
    let mut direct = selector.signatures(&model.direct, true);
    let hard = direct.hard_revocation().is_some();
    if hard {
        direct.others.clear();
    }
    let mut user_ids: Vec<_> = if hard { &[][..] } else { &model.user_ids }
        .iter()
        .filter(|user_id| rules.accept_packet(&user_id.packet))
        .map(|user_id| (user_id, selector.signatures(&user_id.signatures, true)))
        .filter(|(_, selected)| selected.is_bound())
        .collect();
    let mut subkeys: Vec<_> = model
        .subkeys
        .iter()
        .filter(|subkey| rules.accept_key(&subkey.key))
        .map(|subkey| (subkey, selector.subkey_signatures(subkey, hard)))
        .filter(|(_, selected)| selected.is_bound())
        .collect();
    user_ids.sort_by(|(a, a_signatures), (b, b_signatures)| {
        a_signatures.user_id_rank().cmp(&b_signatures.user_id_rank()).then_with(|| a.packet.cmp(&b.packet))
    });
    subkeys.sort_by_key(|(subkey, signatures)| {
        (!signatures.revocations.is_empty(), subkey.key.created, subkey.key.fingerprint)
    });
    let selection = Selection { primary: &model.primary, direct, user_ids, subkeys };
    selection.is_bound().then_some(selection)
}

struct Selector<'a> {
    primary: &'a Key,
    rules: Rules,
}

impl<'a> Selector<'a> {
    fn signatures(&self, signatures: &'a Signatures, accept_self: bool) -> Selected<'a> {
        let mut selected = Selected::default();
        for signature in signatures.good().filter(|signature| self.rules.accept_signature(signature)) {
            let is_self = signature.claims_issuer(&self.primary.fingerprint);
            let list = match (is_self, signature.is_revocation()) {
                (true, _) if !accept_self => continue,
                (true, true) => &mut selected.revocations,
                (true, false) => &mut selected.certifications,
                (false, _) => &mut selected.others,
            };
            list.push(signature);
        }
        selected.revocations.sort_by_key(age);
        selected.certifications.sort_by_key(|signature| Reverse(age(signature)));
        selected.others.sort_by_key(age);
        if let Some(newest) = selected.certifications.iter().position(|signature| signature.is_slh_dsa()) {
            selected.certifications.truncate(newest + 1);
        }
        selected
    }

    fn subkey_signatures(&self, subkey: &'a Subkey, hard: bool) -> Selected<'a> {
        let (primary, subkey_version) = (self.primary.version, subkey.key.version);
        let versions_differ = primary != subkey_version && (primary >= 6 || subkey_version >= 6);
        let accept_self = !(versions_differ && self.rules == Rules::Of(Profile::V24));
        let mut selected = self.signatures(&subkey.signatures, accept_self);
        if hard {
            selected.others.clear();
        }
        selected
    }
}

impl Rules {
    fn accept_packet(self, packet: &Packet) -> bool {
        self != Self::Of(Profile::V23) || packet.body.len() <= PACKET_OCTETS_LIMIT_V23
    }

    fn accept_key(self, key: &Key) -> bool {
        self != Self::Of(Profile::V23) || (!matches!(key.algorithm, 30..=36) && self.accept_packet(&key.packet))
    }

    fn accept_signature(self, signature: &Signature) -> bool {
        if self != Self::Of(Profile::V23) {
            return true;
        }
        let embedded = signature.subpackets.embedded.as_deref();
        self.accept_packet(&signature.packet)
            && !matches!(signature.algorithm, 30..=34)
            && embedded.is_none_or(|embedded| !matches!(embedded.algorithm, 30..=34))
    }
}

fn age<'a>(signature: &&'a Signature) -> (u32, &'a Packet) {
    (signature.created, &signature.packet)
}

impl<'a> Selected<'a> {
    /// Whether the primary key has said anything about the component, be it a revocation.
    pub fn is_bound(&self) -> bool {
        !self.revocations.is_empty() || !self.certifications.is_empty()
    }

    /// The oldest revocation after which nothing of the key can be trusted.
    pub fn hard_revocation(&self) -> Option<&'a Signature> {
        self.revocations.iter().copied().find(|signature| signature.kind == kind::KEY_REVOCATION && signature.is_hard())
    }

    /// The newest statement of the primary key about a user ID is a revocation.
    pub fn is_revoked(&self) -> bool {
        let newest = self.revocations.last().map(|signature| signature.created);
        newest.is_some() && newest >= self.certifications.first().map(|signature| signature.created)
    }

    /// In serving order.
    pub fn iter(&self) -> impl Iterator<Item = &'a Signature> + '_ {
        self.revocations.iter().chain(&self.certifications).chain(&self.others).copied()
    }

    /// Usable user IDs first, then those marked primary, the latest first, then the latest certified.
    fn user_id_rank(&self) -> impl Ord {
        let primary = self.certifications.iter().find(|signature| signature.subpackets.primary_user_id);
        let newest = self.certifications.first().map(|signature| signature.created);
        (self.is_revoked(), Reverse(primary.map(|signature| signature.created)), Reverse(newest))
    }
}

impl<'a> Selection<'a> {
    fn is_bound(&self) -> bool {
        self.direct.is_bound() || !self.user_ids.is_empty() || !self.subkeys.is_empty()
    }

    /// All packets in serving order.
    pub fn packets(&self) -> Vec<&'a Packet> {
        let mut packets = vec![&self.primary.packet];
        packets.extend(self.direct.iter().map(|signature| &signature.packet));
        for (user_id, signatures) in &self.user_ids {
            packets.push(&user_id.packet);
            packets.extend(signatures.iter().map(|signature| &signature.packet));
        }
        for (subkey, signatures) in &self.subkeys {
            packets.push(&subkey.key.packet);
            packets.extend(signatures.iter().map(|signature| &signature.packet));
        }
        packets
    }
}
