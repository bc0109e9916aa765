//! The framer: octets to packets (RFC 9580 section 4.2), both header formats, all length forms.
//!
//! Memory follows what was received, never a declared length: bodies are slices of the input, and
//! only the pieces of partial-length bodies are copied together.

use bytes::{Bytes, BytesMut};
use thiserror::Error;

use super::packet::Packet;
use super::reader::Reader;

/// What stands at the front of some input.
#[derive(Debug, PartialEq, Eq)]
pub enum Framed {
    /// A packet, and where the next one starts.
    Packet(Packet, usize),
    /// The input ends within a packet; more of it may follow.
    Incomplete,
}

/// The octets are not a packet stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    #[error("there is no packet header where one should be")]
    NotAHeader,
    #[error("the data ends within a packet")]
    Truncated,
}

/// Reads the packet at the front of `input`, which is not empty.
///
/// `at_end` says that nothing follows the input; only then can a packet of indeterminate length end.
pub fn next_packet(input: &Bytes, at_end: bool) -> Result<Framed, FrameError> {
    let mut reader = Reader::new(input);
    let Some(header) = reader.u8() else { return Ok(Framed::Incomplete) };
    if header & 0x80 == 0 {
        return Err(FrameError::NotAHeader);
    }
    let body = match header {
        0xc0.. => new_format(input, &mut reader).map(|body| (header & 0x3f, body)),
        _ if header & 3 == 3 => {
            return Ok(if at_end {
                Framed::Packet(Packet { tag: (header & 0x3c) >> 2, body: input.slice(1..) }, input.len())
            } else {
                Framed::Incomplete
            });
        }
        _ => old_format(input, &mut reader, header & 3).map(|body| ((header & 0x3c) >> 2, body)),
    };
    match body {
        Some((tag, body)) => Ok(Framed::Packet(Packet { tag, body }, reader.position())),
        None if at_end => Err(FrameError::Truncated),
        None => Ok(Framed::Incomplete),
    }
}

/// The packets of a whole stream, in its order. An error is the last item.
#[derive(Debug)]
pub struct Packets {
    rest: Bytes,
}

impl Packets {
    pub fn new(stream: Bytes) -> Self {
        Self { rest: stream }
    }
}

impl Iterator for Packets {
    type Item = Result<Packet, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match next_packet(&self.rest, true) {
            Ok(Framed::Packet(packet, end)) => {
                self.rest = self.rest.slice(end..);
                Some(Ok(packet))
            }
            // Nothing follows, so nothing can complete it.
            Ok(Framed::Incomplete) => {
                self.rest.clear();
                Some(Err(FrameError::Truncated))
            }
            Err(error) => {
                self.rest.clear();
                Some(Err(error))
            }
        }
    }
}

fn old_format(input: &Bytes, reader: &mut Reader<'_>, length_type: u8) -> Option<Bytes> {
    let length = match length_type {
        0 => usize::from(reader.u8()?),
        1 => usize::from(reader.u16()?),
        _ => usize::try_from(reader.u32()?).ok()?,
    };
    reader.take(length).map(|body| input.slice_ref(body))
}

fn new_format(input: &Bytes, reader: &mut Reader<'_>) -> Option<Bytes> {
    let (length, partial) = new_length(reader)?;
    let first = reader.take(length)?;
    if !partial {
        return Some(input.slice_ref(first));
    }
    let mut body = BytesMut::from(first);
    loop {
        let (length, partial) = new_length(reader)?;
        body.extend_from_slice(reader.take(length)?);
        if !partial {
            return Some(body.freeze());
        }
    }
}

/// A length, and whether another piece follows.
fn new_length(reader: &mut Reader<'_>) -> Option<(usize, bool)> {
    match reader.u8()? {
        short @ 0..=191 => Some((usize::from(short), false)),
        first @ 192..=223 => Some(((usize::from(first) - 192) * 256 + usize::from(reader.u8()?) + 192, false)),
        partial @ 224..=254 => Some((1 << (partial & 0x1f), true)),
        255 => Some((usize::try_from(reader.u32()?).ok()?, false)),
    }
}
