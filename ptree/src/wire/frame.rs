//! Frames: a length, a type and a body.

use super::limits::{REASON_OCTETS, STATUS_OCTETS};
use super::message::Kind;
use super::{WireError, writer};

/// The octets that have arrived and are not yet used up.
///
/// Takes memory for what arrived, never for what a length announces.
#[derive(Debug, Default)]
pub struct Inbox {
    octets: Vec<u8>,
    used: usize,
}

/// A frame longer than the limit: its announced length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTooLong(pub u32);

/// Octets that an empty inbox may keep allocated.
const KEPT: usize = 64 << 10;
/// Octets of a length.
const LENGTH: usize = 4;

impl Inbox {
    /// Adds octets from the connection.
    pub fn push(&mut self, octets: &[u8]) {
        self.compact();
        self.octets.extend_from_slice(octets);
    }

    /// Whether nothing is left, so that the connection may end here.
    pub fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// The contents of the next frame, a type and a body, if it is complete.
    pub fn frame(&mut self, limit: usize) -> Result<Option<&[u8]>, FrameTooLong> {
        let Some(length) = self.length() else { return Ok(None) };
        if length as usize > limit {
            return Err(FrameTooLong(length));
        }
        Ok(self.take(length as usize))
    }

    /// The next string without a frame, if it is complete: the word that ends the handshake.
    pub(crate) fn status(&mut self) -> Result<Option<&[u8]>, WireError> {
        self.string("a status", STATUS_OCTETS)
    }

    /// The next string without a frame, if it is complete: why the peer refuses.
    pub(crate) fn reason(&mut self) -> Result<Option<&[u8]>, WireError> {
        self.string("a reason", REASON_OCTETS)
    }

    fn string(&mut self, of: &'static str, limit: usize) -> Result<Option<&[u8]>, WireError> {
        let Some(length) = self.length() else { return Ok(None) };
        if length as usize > limit {
            return Err(WireError::TooLong { of, octets: length });
        }
        Ok(self.take(length as usize))
    }

    fn length(&self) -> Option<u32> {
        self.rest().first_chunk().map(|octets| u32::from_be_bytes(*octets))
    }

    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let start = self.used.saturating_add(LENGTH);
        let end = start.saturating_add(length);
        let taken = self.octets.get(start..end)?;
        self.used = end;
        Some(taken)
    }

    fn rest(&self) -> &[u8] {
        self.octets.get(self.used..).unwrap_or_default()
    }

    /// Gives up what has been used; moves octets only when that frees at least half.
    fn compact(&mut self) {
        if self.used >= self.octets.len() {
            self.octets.clear();
            self.used = 0;
            self.octets.shrink_to(KEPT);
        } else if self.used > self.octets.len() / 2 {
            self.octets.drain(..self.used);
            self.used = 0;
        }
    }
}

/// Appends a frame whose body `write` appends.
pub(super) fn encode(out: &mut Vec<u8>, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    writer::number(out, 0);
    out.push(kind as u8);
    write(out);
    let length = u32::try_from(out.len() - start - LENGTH).unwrap_or(u32::MAX);
    if let Some(field) = out.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
        *field = length.to_be_bytes();
    }
}
