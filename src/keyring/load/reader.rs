//! Cuts keyrings of any size into certificates, in bounded memory.

use std::io::{self, Read};

use bytes::Bytes;
use thiserror::Error;

use super::armored::ArmoredReader;
use super::binary::BinaryReader;
use crate::cert::{DecodeError, Limits, Rejection};

/// The largest packet, and the largest certificate with its packet headers, that is kept in memory.
pub(super) const PIECE_OCTETS_LIMIT: usize = 32 << 20;
/// How much of a file is looked at to tell text from packets.
pub(super) const LOOK_AHEAD_OCTETS: usize = 256 << 10;

/// A part of a keyring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub kind: PieceKind,
    /// Whole packets; empty for what was skipped.
    pub octets: Bytes,
    /// Where the piece begins in its file; in armored text, where its armor begins.
    pub offset: u64,
    /// Which of several files it comes from, as the user of the reader counts them; the reader leaves 0.
    pub file: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// The packets of one certificate, or those before the first certificate.
    Packets,
    /// A certificate that cannot be read whole.
    Damaged(Rejection),
    /// Octets that are no packets.
    Skipped { octets: u64 },
}

/// A file, or a part of it, that cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Reading can go on behind it.
    #[error("the armor that begins at octet {offset} cannot be read: {cause}")]
    Armor { offset: u64, cause: DecodeError },
    #[error(
        "the armor that begins at octet {offset} is larger than {ARMOR_OCTETS_LIMIT} octets; \"gpg --dearmor\" makes it readable"
    )]
    ArmorTooLarge { offset: u64 },
}

/// The largest armored block that is read, in octets of text.
pub(super) const ARMOR_OCTETS_LIMIT: usize = 256 << 20;

/// Reads a keyring: packets, or text with any number of armored blocks.
pub struct CertificateReader<R>(Form<R>);

enum Form<R> {
    Binary(BinaryReader<Beginning<R>>),
    Armored(ArmoredReader<Beginning<R>>),
}

/// What was looked at, and the rest.
type Beginning<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

impl<R: Read> CertificateReader<R> {
    /// Looks at the beginning of `source` to tell text from packets.
    pub fn new(mut source: R, limits: &Limits) -> io::Result<Self> {
        let mut beginning = Vec::new();
        source.by_ref().take(LOOK_AHEAD_OCTETS as u64).read_to_end(&mut beginning)?;
        let is_armored = is_armored(&beginning);
        let source = io::Cursor::new(beginning).chain(source);
        Ok(Self(if is_armored {
            Form::Armored(ArmoredReader::new(source, limits))
        } else {
            Form::Binary(BinaryReader::new(source, limits))
        }))
    }

    /// The next piece; `None` at the end. After [`ReadError::Armor`] there may be more.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, ReadError> {
        match &mut self.0 {
            Form::Binary(reader) => Ok(reader.next_piece()?),
            Form::Armored(reader) => reader.next_piece(),
        }
    }
}

/// Packets begin with an octet above 127; a byte order mark, which does, too, is none.
fn is_armored(beginning: &[u8]) -> bool {
    let is_text = beginning.first().is_some_and(|first| *first < 0x80) || beginning.starts_with(BYTE_ORDER_MARK);
    is_text && beginning.windows(ARMOR_BEGIN.len()).any(|window| window == ARMOR_BEGIN)
}

pub(super) const ARMOR_BEGIN: &[u8] = b"-----BEGIN PGP ";
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
