//! A certificate as a tree of components with their signatures, without duplicates.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::key::{Key, KeyError};
use super::packet::{Packet, tag};
use super::signature::Signature;
use super::user_id::UserId;
use crate::domain::Fingerprint;

/// How many dropped packets are remembered for reports; of the others only the number is.
pub const DROPPED_LIMIT: usize = 1000;

/// As many signatures over one component are compared one by one; a set for each of tens of
/// thousands of components would cost more than they do.
const SCAN_LIMIT: usize = 8;

/// A primary key with everything under it. Of equal user IDs, subkeys and signatures there is one.
#[derive(Debug)]
pub struct Model {
    pub primary: Key,
    pub direct: Signatures,
    pub user_ids: Vec<UserId>,
    pub subkeys: Vec<Subkey>,
    user_id_at: HashMap<Bytes, usize>,
    subkey_at: HashMap<Fingerprint, usize>,
}

/// A subkey and its signatures.
#[derive(Debug)]
pub struct Subkey {
    pub key: Key,
    pub signatures: Signatures,
}

/// The signatures over one component; equal packets are held once.
#[derive(Debug, Default)]
pub struct Signatures {
    list: Vec<Judged>,
    /// Empty up to [`SCAN_LIMIT`] signatures.
    bodies: HashSet<Bytes>,
}

/// A signature, and what is known about it.
#[derive(Clone, Debug)]
pub struct Judged {
    pub signature: Signature,
    pub verdict: Option<Verdict>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A verified self-signature, or a plausible signature by another key.
    Good,
    Bad(&'static str),
}

/// Collects the packets of one certificate, in their order.
#[derive(Debug)]
pub struct Builder {
    pub model: Model,
    context: Context,
    pub dropped: Dropped,
}

/// What signatures are attributed to.
#[derive(Clone, Copy, Debug)]
pub enum Component {
    Primary,
    UserId(usize),
    Subkey(usize),
}

/// What the next signature is over. A component without any signature is not kept, and costs no memory.
#[derive(Debug)]
enum Context {
    /// Something that was dropped.
    Nothing,
    Known(Component),
    NewUserId(UserId),
    NewSubkey(Box<Key>),
}

/// The packets that were dropped, the first [`DROPPED_LIMIT`] of them with the reason.
#[derive(Clone, Debug, Default)]
pub struct Dropped {
    pub listed: Vec<DroppedPacket>,
    pub count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DroppedPacket {
    pub tag: u8,
    /// The type of a signature.
    pub kind: Option<u8>,
    pub reason: &'static str,
}

impl Model {
    pub fn new(primary: Key) -> Self {
        Self {
            primary,
            direct: Signatures::default(),
            user_ids: Vec::new(),
            subkeys: Vec::new(),
            user_id_at: HashMap::new(),
            subkey_at: HashMap::new(),
        }
    }

    /// The index of the user ID with these octets, added if it is new.
    pub fn user_id(&mut self, user_id: UserId) -> usize {
        match self.user_id_at.entry(user_id.packet.body.clone()) {
            Entry::Occupied(at) => *at.get(),
            Entry::Vacant(vacant) => {
                self.user_ids.push(user_id);
                *vacant.insert(self.user_ids.len() - 1)
            }
        }
    }

    /// The index of the subkey with this key's fingerprint, added if it is new: the first packet stays.
    pub fn subkey(&mut self, key: Key) -> usize {
        match self.subkey_at.entry(key.fingerprint) {
            Entry::Occupied(at) => *at.get(),
            Entry::Vacant(vacant) => {
                self.subkeys.push(Subkey { key, signatures: Signatures::default() });
                *vacant.insert(self.subkeys.len() - 1)
            }
        }
    }

    pub fn find_user_id(&self, packet: &Packet) -> Option<&UserId> {
        self.user_id_at.get(&packet.body).and_then(|&at| self.user_ids.get(at))
    }

    pub fn find_subkey(&self, key: &Key) -> Option<&Subkey> {
        self.subkey_at.get(&key.fingerprint).and_then(|&at| self.subkeys.get(at))
    }

    pub fn signatures(&mut self, component: Component) -> Option<&mut Signatures> {
        match component {
            Component::Primary => Some(&mut self.direct),
            Component::UserId(at) => self.user_ids.get_mut(at).map(|user_id| &mut user_id.signatures),
            Component::Subkey(at) => self.subkeys.get_mut(at).map(|subkey| &mut subkey.signatures),
        }
    }
}

impl Signatures {
    /// Adds a signature unless an equal one is there.
    pub fn add(&mut self, judged: Judged) {
        if self.contains(&judged.signature) {
            return;
        }
        if self.list.len() == SCAN_LIMIT {
            self.bodies.extend(self.list.iter().map(|known| known.signature.packet.body.clone()));
        }
        if self.list.len() >= SCAN_LIMIT {
            self.bodies.insert(judged.signature.packet.body.clone());
        }
        self.list.push(judged);
    }

    pub fn contains(&self, signature: &Signature) -> bool {
        let body = &signature.packet.body;
        if self.list.len() > SCAN_LIMIT {
            return self.bodies.contains(body);
        }
        self.list.iter().any(|known| known.signature.packet.body == body)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Judged> {
        self.list.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Judged> {
        self.list.iter_mut()
    }

    /// Those that may be stored.
    pub fn good(&self) -> impl Iterator<Item = &Signature> {
        self.list.iter().filter(|judged| judged.verdict == Some(Verdict::Good)).map(|judged| &judged.signature)
    }
}

impl Builder {
    pub fn new(primary: Key) -> Self {
        Self { model: Model::new(primary), context: Context::Known(Component::Primary), dropped: Dropped::default() }
    }

    /// Adds the next packet; `verdict` is what is known of it if it is a signature.
    pub fn push(&mut self, packet: Packet, verdict: Option<Verdict>) {
        let tag = packet.tag;
        match tag {
            tag::SIGNATURE => self.push_signature(packet, verdict),
            tag::USER_ID => {
                self.context = UserId::parse(packet).map_or(Context::Nothing, Context::NewUserId);
                if matches!(self.context, Context::Nothing) {
                    self.dropped.add(tag, None, "its text has a zero octet");
                }
            }
            tag::PUBLIC_SUBKEY => self.push_subkey(packet),
            tag::TRUST => self.dropped.add(tag, None, "trust packets are local to a keyring"),
            tag::MARKER => self.dropped.add(tag, None, "marker packets say nothing"),
            _ => {
                self.context = Context::Nothing;
                self.dropped.add(tag, None, "certificates here have no such packets");
            }
        }
    }

    fn push_signature(&mut self, packet: Packet, verdict: Option<Verdict>) {
        let kind = packet.body.get(1).copied();
        if matches!(self.context, Context::Nothing) {
            return self.dropped.add(tag::SIGNATURE, kind, "what it signs was dropped");
        }
        let signature = match Signature::parse(packet) {
            Ok(signature) => signature,
            Err(reason) => return self.dropped.add(tag::SIGNATURE, kind, reason),
        };
        if let Some(signatures) = self.component().and_then(|component| self.model.signatures(component)) {
            signatures.add(Judged { signature, verdict });
        }
    }

    /// The component that signatures are over, taken into the model if it is new.
    fn component(&mut self) -> Option<Component> {
        let component = match std::mem::replace(&mut self.context, Context::Nothing) {
            Context::Nothing => return None,
            Context::Known(component) => component,
            Context::NewUserId(user_id) => Component::UserId(self.model.user_id(user_id)),
            Context::NewSubkey(key) => Component::Subkey(self.model.subkey(*key)),
        };
        self.context = Context::Known(component);
        Some(component)
    }

    fn push_subkey(&mut self, packet: Packet) {
        match Key::parse(packet) {
            Ok(key) => self.context = Context::NewSubkey(Box::new(key)),
            Err(error) => {
                self.context = Context::Nothing;
                let reason = match error {
                    KeyError::Version3(_) => "version 3 subkeys are not supported",
                    KeyError::Unreadable(reason) => reason,
                };
                self.dropped.add(tag::PUBLIC_SUBKEY, None, reason);
            }
        }
    }
}

impl Dropped {
    pub fn add(&mut self, tag: u8, kind: Option<u8>, reason: &'static str) {
        self.count += 1;
        if self.listed.len() < DROPPED_LIMIT {
            self.listed.push(DroppedPacket { tag, kind, reason });
        }
    }
}
