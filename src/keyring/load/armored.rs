//! Armored keyrings: one block after the other, what stands between them is left out.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

use bytes::{Buf, Bytes, buf};

use super::binary::BinaryReader;
use super::reader::{ARMOR_BEGIN, ARMOR_OCTETS_LIMIT, BYTE_ORDER_MARK, Piece, ReadError};
use crate::cert::{self, Limits};

/// The longest line outside armor that is looked at whole, in octets.
const LINE_OCTETS_LIMIT: usize = 64 << 10;
const ARMOR_END: &[u8] = b"-----END PGP ";

pub(super) struct ArmoredReader<R> {
    source: BufReader<R>,
    limits: Limits,
    /// Of the next line.
    offset: u64,
    /// The packet streams of the current block, and where the block began.
    streams: VecDeque<BinaryReader<buf::Reader<Bytes>>>,
    block_offset: u64,
}

impl<R: Read> ArmoredReader<R> {
    pub(super) fn new(source: R, limits: &Limits) -> Self {
        Self { source: BufReader::new(source), limits: *limits, offset: 0, streams: VecDeque::new(), block_offset: 0 }
    }

    pub(super) fn next_piece(&mut self) -> Result<Option<Piece>, ReadError> {
        loop {
            while let Some(stream) = self.streams.front_mut() {
                if let Some(piece) = stream.next_piece()? {
                    return Ok(Some(Piece { offset: self.block_offset, ..piece }));
                }
                self.streams.pop_front();
            }
            let Some(block) = self.next_block()? else { return Ok(None) };
            let streams =
                cert::decode(&block).map_err(|cause| ReadError::Armor { offset: self.block_offset, cause })?;
            self.streams.extend(streams.into_iter().map(|stream| BinaryReader::new(stream.reader(), &self.limits)));
        }
    }

    /// The text of the next block, from its first line to its last, or to the end of the file.
    fn next_block(&mut self) -> Result<Option<Bytes>, ReadError> {
        let mut block: Vec<u8> = Vec::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = self.source.by_ref().take(LINE_OCTETS_LIMIT as u64).read_until(b'\n', &mut line)?;
            if length == 0 {
                return Ok(if block.is_empty() { None } else { Some(block.into()) });
            }
            let text = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line).trim_ascii_start();
            if block.is_empty() {
                self.block_offset = self.offset;
            }
            self.offset += length as u64;
            if block.is_empty() && !text.starts_with(ARMOR_BEGIN) {
                continue;
            }
            block.extend_from_slice(text);
            if text.starts_with(ARMOR_END) {
                return Ok(Some(block.into()));
            }
            if block.len() > ARMOR_OCTETS_LIMIT {
                return Err(ReadError::ArmorTooLarge { offset: self.block_offset });
            }
        }
    }
}
