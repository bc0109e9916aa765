//! OpenPGP certificates: reading, normalising, merging, digests. The only user of sequoia.
//!
//! Octets become packets ([`frame`]), packets certificates ([`group`]), certificates models without
//! duplicates ([`model`]) whose signatures are judged ([`judge`]); what of them is kept is selected
//! ([`select`]) and summed up ([`summarise`]). Nothing here reads a clock, a socket or the store,
//! and nothing panics on any octets.

pub mod admin;
pub mod armor;
mod curve;
pub mod digest;
pub mod frame;
pub mod group;
mod hash;
mod incoming;
mod judge;
pub mod key;
pub mod limits;
pub mod model;
pub mod packet;
pub mod reader;
pub mod rejection;
pub mod select;
pub mod signature;
mod summarise;
mod user_id;
mod verify;

use bytes::Bytes;

pub use armor::{DecodeError, decode};
pub use digest::digests_as_received;
pub use group::Items;
pub use incoming::{BareSignature, Incoming, Merged};
pub use limits::Limits;
pub use model::DroppedPacket;
pub use rejection::Rejection;

use crate::domain::Fingerprint;

/// What a stream of packets held.
#[derive(Debug)]
pub enum Item {
    Certificate(Box<Incoming>),
    /// A signature before any certificate of its stream.
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

/// The certificates of a packet stream.
pub fn read(packets: Bytes, limits: Limits) -> Items {
    Items::new(packets, limits)
}
