//! Reads fields out of one frame, whose octets have all arrived.

use super::error::WireError;
use super::limits::NUMBER_OCTETS;
use crate::field::Fp;
use crate::{Element, Prefix};

/// What has not been read of a frame.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(super) fn octets(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(WireError::Truncated(field))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn number(&mut self, field: &'static str) -> Result<u32, WireError> {
        let (octets, rest) = self.0.split_first_chunk().ok_or(WireError::Truncated(field))?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*octets))
    }

    pub(super) fn string(&mut self, field: &'static str) -> Result<&'a [u8], WireError> {
        let length = self.number(field)? as usize;
        self.octets(length, field)
    }

    pub(super) fn prefix(&mut self) -> Result<Prefix, WireError> {
        let bits = self.number("a prefix")?;
        let octets = self.string("a prefix")?;
        Ok(Prefix::from_octets(bits, octets)?)
    }

    /// The numbers that are the rest of the frame, whose count was announced.
    pub(super) fn numbers(&mut self, of: &'static str) -> Result<Numbers<'a>, WireError> {
        let count = self.number(of)?;
        let octets = self.0.len();
        let (numbers, rest) = self.0.as_chunks::<NUMBER_OCTETS>();
        if numbers.len() != count as usize || !rest.is_empty() {
            return Err(WireError::Count { of, count, octets });
        }
        self.0 = rest;
        Ok(Numbers(numbers))
    }

    pub(super) fn end(self) -> Result<(), WireError> {
        if self.0.is_empty() { Ok(()) } else { Err(WireError::Trailing(self.0.len())) }
    }
}

/// Numbers of the field, not yet looked at.
pub(super) struct Numbers<'a>(&'a [[u8; NUMBER_OCTETS]]);

impl Numbers<'_> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The numbers as members of the field.
    pub(super) fn field(&self) -> impl Iterator<Item = Result<Fp, WireError>> {
        self.0.iter().map(|octets| Fp::from_le17(octets).ok_or(WireError::NotInField))
    }

    /// The numbers as elements, ascending.
    pub(super) fn elements(&self) -> Result<Vec<Element>, WireError> {
        let mut elements = self.0.iter().map(element).collect::<Result<Vec<_>, _>>()?;
        elements.sort_unstable();
        if elements.array_windows().any(|[one, next]| one == next) {
            return Err(WireError::Duplicate);
        }
        Ok(elements)
    }
}

fn element(octets: &[u8; NUMBER_OCTETS]) -> Result<Element, WireError> {
    let [digest @ .., high] = octets;
    match high {
        0 => Element::new(*digest).ok_or(WireError::NoDigest),
        _ if Fp::from_le17(octets).is_none() => Err(WireError::NotInField),
        _ => Err(WireError::NoDigest),
    }
}
