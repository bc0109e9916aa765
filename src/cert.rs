//! OpenPGP certificates: reading, normalising, merging, digests. The only user of sequoia.
//!
//! Nothing here reads a clock, a socket or the store, and nothing panics on any bytes.

pub mod armor;
pub mod limits;
pub mod rejection;

use bytes::Bytes;

pub use limits::Limits;
pub use rejection::Rejection;

use crate::domain::summary::Issuer;
use crate::domain::{Fingerprint, KeyId, Record};

/// What a stream of packets held, in its order.
#[derive(Debug)]
pub enum Item {
    Certificate(Incoming),
    /// A signature that is no part of a certificate: the first packet of its stream.
    BareSignature(BareSignature),
    Rejected(Rejected),
}

/// A certificate that will not be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Known when the primary key could be read.
    pub fingerprint: Option<Fingerprint>,
    pub reason: Rejection,
}

/// A parsed certificate whose signatures are verified when it is merged, each at most once.
#[derive(Debug)]
pub struct Incoming;

/// A revocation without its certificate.
#[derive(Clone, Debug)]
pub struct BareSignature;

/// The result of merging an incoming certificate with the stored form.
#[derive(Debug)]
pub enum Merged {
    /// Nothing new.
    Unchanged,
    Changed(Box<Record>),
}

/// A packet that normalisation dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// What it was: "signature 0x13 by 0123…", "user attribute", …
    pub packet: String,
    pub reason: String,
}

/// The packet streams of a submission: every armor block of a text, or the whole of binary data.
pub fn decode(_input: &Bytes) -> Result<Vec<Bytes>, DecodeError> {
    unimplemented!()
}

/// The input holds neither armor nor packets, or damaged armor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("no armored block was found")]
    NoArmor,
    #[error("the armor is damaged: {0}")]
    Damaged(String),
}

/// Splits a packet stream into certificates. A framing error ends the list, with an item that says so.
pub fn read(_packets: &[u8], _limits: &Limits) -> Vec<Item> {
    unimplemented!()
}

impl Incoming {
    pub fn fingerprint(&self) -> Fingerprint {
        unimplemented!()
    }

    /// Normalises, with `stored` (the packets of the stored form) if there is one.
    pub fn merge(&mut self, _stored: Option<&[u8]>) -> Result<Merged, Rejection> {
        unimplemented!()
    }

    /// What has been dropped so far; complete after [`Incoming::merge`].
    pub fn dropped(&self) -> Vec<Dropped> {
        unimplemented!()
    }
}

impl BareSignature {
    pub fn issuer(&self) -> Issuer {
        let _ = KeyId([0; 8]);
        unimplemented!()
    }

    /// The stored certificate with the revocation.
    pub fn merge(&self, _stored: &[u8]) -> Result<Merged, Rejection> {
        unimplemented!()
    }
}
