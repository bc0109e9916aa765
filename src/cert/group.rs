//! The grouper: a packet stream to certificates, one at a time, within the limits.

use bytes::Bytes;

use super::frame::Packets;
use super::incoming::{BareSignature, Incoming};
use super::key::{Key, KeyError};
use super::model::Builder;
use super::packet::{Packet, tag};
use super::rejection::Rejection;
use super::signature::Signature;
use super::{Item, Limits, Rejected};
use crate::domain::Fingerprint;

/// The certificates of a packet stream, in its order. Holds one certificate at a time.
#[derive(Debug)]
pub struct Items {
    packets: Packets,
    grouper: Grouper,
    /// Found but not handed out yet.
    ready: std::collections::VecDeque<Item>,
}

impl Items {
    pub fn new(input: Bytes, limits: Limits) -> Self {
        Self { packets: Packets::new(input), grouper: Grouper::new(limits), ready: Default::default() }
    }
}

/// A framing error ends the stream, with an item that says so; what came before it stays good.
impl Iterator for Items {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        while self.ready.is_empty() {
            match self.packets.next() {
                None => break,
                Some(Ok(packet)) => self.ready.extend(self.grouper.push(packet)),
                Some(Err(error)) => {
                    self.ready.extend(self.grouper.finish());
                    self.ready.push_back(rejected(None, Rejection::Framing(error)));
                }
            }
        }
        self.ready.pop_front().or_else(|| self.grouper.finish())
    }
}

/// Collects packets until a certificate is complete.
#[derive(Debug)]
pub struct Grouper {
    limits: Limits,
    current: Option<Incoming>,
    /// The sum of the body lengths of the current certificate.
    octets: usize,
    /// No packet has come yet that could start something.
    at_start: bool,
    /// The stream started with a signature, and no certificate has come yet.
    bare: bool,
}

impl Grouper {
    pub fn new(limits: Limits) -> Self {
        Self { limits, current: None, octets: 0, at_start: true, bare: false }
    }

    /// Takes the next packet; answers the certificate that it completes, and what is refused for it.
    pub fn push(&mut self, packet: Packet) -> impl Iterator<Item = Item> + use<> {
        let complete = if packet.tag == tag::PUBLIC_KEY && self.accepts(&packet) { self.finish() } else { None };
        complete.into_iter().chain(self.take(packet))
    }

    fn accepts(&self, packet: &Packet) -> bool {
        let limit = if packet.tag == tag::SIGNATURE { self.limits.signature_octets } else { self.limits.packet_octets };
        limit == 0 || packet.body.len() <= limit
    }

    fn take(&mut self, packet: Packet) -> Option<Item> {
        if !self.accepts(&packet) {
            return self.skip(packet.tag);
        }
        let starts_stream = std::mem::replace(&mut self.at_start, false);
        match packet.tag {
            tag::PUBLIC_KEY => self.start(packet),
            tag::SIGNATURE if self.current.is_none() && (starts_stream || self.bare) => {
                self.bare = true;
                Some(bare(packet))
            }
            tag::SECRET_KEY if self.current.is_none() => {
                self.bare = false;
                Some(rejected(None, Rejection::SecretKey))
            }
            _ => self.append(packet),
        }
    }

    /// A primary key is told by itself where there is no certificate that could tell it.
    fn skip(&mut self, tag: u8) -> Option<Item> {
        const REASON: &str = "it is larger than this server accepts";
        if let Some(current) = &mut self.current {
            current.skip(tag, REASON);
            return None;
        }
        if tag != tag::PUBLIC_KEY {
            return None;
        }
        (self.at_start, self.bare) = (false, false);
        Some(rejected(None, Rejection::PrimaryKey(REASON)))
    }

    /// What is complete when the stream or its certificate ends.
    pub fn finish(&mut self) -> Option<Item> {
        self.octets = 0;
        self.current.take().map(|incoming| Item::Certificate(Box::new(incoming)))
    }

    fn start(&mut self, packet: Packet) -> Option<Item> {
        self.bare = false;
        let length = packet.body.len();
        match Key::parse(packet) {
            Ok(key) => {
                self.current = Some(Incoming::new(Builder::new(key)));
                self.add_octets(length)
            }
            Err(KeyError::Version3(fingerprint)) => Some(rejected(fingerprint, Rejection::Version3)),
            Err(KeyError::Unreadable(reason)) => Some(rejected(None, Rejection::PrimaryKey(reason))),
        }
    }

    fn append(&mut self, packet: Packet) -> Option<Item> {
        let length = packet.body.len();
        self.current.as_mut()?.push(packet);
        self.add_octets(length)
    }

    /// Drops the certificate, and with it all packets up to the next primary key, beyond the limit.
    fn add_octets(&mut self, octets: usize) -> Option<Item> {
        self.octets = self.octets.saturating_add(octets);
        let limit = self.limits.certificate_octets;
        if limit == 0 || self.octets <= limit {
            return None;
        }
        let dropped = self.current.take()?;
        Some(rejected(Some(dropped.fingerprint()), Rejection::TooLarge(limit)))
    }
}

fn bare(packet: Packet) -> Item {
    match Signature::parse(packet) {
        Ok(signature) => Item::BareSignature(BareSignature::new(signature)),
        Err(reason) => rejected(None, Rejection::Signature(reason)),
    }
}

fn rejected(fingerprint: Option<Fingerprint>, reason: Rejection) -> Item {
    Item::Rejected(Rejected { fingerprint, reason })
}
