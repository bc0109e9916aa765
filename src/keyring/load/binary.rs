//! Cuts packets into certificates, and finds the next certificate after octets that are no packets.

use std::io::{self, Read};

use bytes::Bytes;

use super::landmark::{self, Found, tag_of};
use super::reader::{LOOK_AHEAD_OCTETS, PIECE_OCTETS_LIMIT, Piece, PieceKind};
use crate::cert::frame::{FrameError, Framed, next_packet};
use crate::cert::{Limits, Rejection};

pub(super) struct BinaryReader<R> {
    source: R,
    /// Larger key packets begin no certificate; 0 for no limit.
    key_octets_limit: usize,
    /// What was read and not handed out. The current certificate begins at the first octet.
    buffer: Bytes,
    /// Where the buffer begins in the source.
    offset: u64,
    /// How many octets of the buffer are whole packets of the current certificate.
    whole: usize,
    /// Nothing follows the buffer.
    is_at_end: bool,
    /// The current certificate is too large to be kept.
    is_discarding: bool,
    /// Handed out next.
    waiting: Option<Piece>,
    /// How many octets were looked at for packets in pieces that have no end.
    in_vain: u64,
}

/// What follows the whole packets of the current certificate. Lengths are octets.
enum Next {
    /// The first packet of another certificate.
    Begin(usize),
    /// One more packet.
    Continue(usize),
    Damage(Damage),
    End,
}

#[derive(PartialEq, Eq)]
enum Damage {
    /// The data ends within a packet of the current certificate.
    Cut,
    /// The data ends within the first packet of another certificate.
    CutAtBegin,
    NoPacket,
}

impl<R: Read> BinaryReader<R> {
    pub(super) fn new(source: R, limits: &Limits) -> Self {
        Self {
            source,
            key_octets_limit: limits.packet_octets,
            buffer: Bytes::new(),
            offset: 0,
            whole: 0,
            is_at_end: false,
            is_discarding: false,
            waiting: None,
            in_vain: 0,
        }
    }

    /// The next piece; `None` at the end.
    pub(super) fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        if let Some(piece) = self.waiting.take() {
            return Ok(Some(piece));
        }
        loop {
            match self.look()? {
                Next::End => return Ok(self.cut()),
                Next::Begin(length) => {
                    let piece = self.cut();
                    self.whole = length;
                    if piece.is_some() {
                        return Ok(piece);
                    }
                }
                Next::Continue(length) => {
                    self.whole += length;
                    if self.is_discarding {
                        self.advance(self.whole);
                    } else if self.whole > PIECE_OCTETS_LIMIT {
                        return Ok(Some(self.discard()));
                    }
                }
                Next::Damage(damage) => return self.recover(&damage).map(Some),
            }
        }
    }

    fn look(&mut self) -> io::Result<Next> {
        loop {
            let rest = self.buffer.slice(self.whole..);
            let Some(&header) = rest.first() else {
                if self.is_at_end {
                    return Ok(Next::End);
                }
                self.fill()?;
                continue;
            };
            match self.frame(&rest) {
                Ok(Framed::Packet(packet, length)) => {
                    if landmark::is_indeterminate(header) && landmark::find(&packet.body, true) != Found::Nothing {
                        return Ok(Next::Damage(Damage::NoPacket));
                    }
                    let begins = packet.tag == landmark::PUBLIC_KEY && self.may_be_key(packet.body.len());
                    return Ok(if begins { Next::Begin(length) } else { Next::Continue(length) });
                }
                Ok(Framed::Incomplete) if rest.len() <= PIECE_OCTETS_LIMIT => self.fill()?,
                Err(FrameError::Truncated) if tag_of(header) == landmark::PUBLIC_KEY => {
                    return Ok(Next::Damage(Damage::CutAtBegin));
                }
                Err(FrameError::Truncated) if landmark::CERTIFICATE_TAGS.contains(&tag_of(header)) => {
                    return Ok(Next::Damage(Damage::Cut));
                }
                Ok(Framed::Incomplete) | Err(_) => return Ok(Next::Damage(Damage::NoPacket)),
            }
        }
    }

    /// That a packet in pieces has no end is seen only at the end of the data, and others can begin within
    /// it. They are given up unseen once they have cost more than all else.
    fn frame(&mut self, rest: &Bytes) -> Result<Framed, FrameError> {
        let is_in_pieces = landmark::is_in_pieces(rest);
        if is_in_pieces && self.in_vain > self.offset.saturating_add(LOOK_AHEAD_OCTETS as u64) {
            return Err(FrameError::Truncated);
        }
        let framed = next_packet(rest, self.is_at_end);
        let is_endless = framed.is_err() || framed == Ok(Framed::Incomplete) && rest.len() > PIECE_OCTETS_LIMIT;
        if is_in_pieces && is_endless {
            self.in_vain += rest.len() as u64;
        }
        framed
    }

    fn may_be_key(&self, octets: usize) -> bool {
        self.key_octets_limit == 0 || octets <= self.key_octets_limit
    }

    /// Goes to the next certificate. What is whole before the damage stays, unless the data ends there:
    /// then packets are missing, perhaps a revocation.
    fn recover(&mut self, damage: &Damage) -> io::Result<Piece> {
        let was_discarding = self.is_discarding;
        let before = self.cut();
        let from = self.offset;
        let is_cut = !self.scan()? && *damage != Damage::NoPacket;
        let cut = PieceKind::Damaged(Rejection::Framing(FrameError::Truncated));
        if is_cut && *damage == Damage::Cut && !was_discarding {
            let empty = Piece { kind: cut.clone(), octets: Bytes::new(), offset: from, file: 0 };
            return Ok(Piece { kind: cut, ..before.unwrap_or(empty) });
        }
        let kind = if is_cut { cut } else { PieceKind::Skipped { octets: self.offset - from } };
        let rest = Piece { kind, octets: Bytes::new(), offset: from, file: 0 };
        let Some(before) = before else { return Ok(rest) };
        self.waiting = Some(rest);
        Ok(before)
    }

    /// Moves the buffer from damage at its front to the next certificate, or to the end of the source.
    fn scan(&mut self) -> io::Result<bool> {
        self.advance(1);
        loop {
            match landmark::find(&self.buffer, self.is_at_end) {
                Found::At(position) => {
                    self.advance(position);
                    return Ok(true);
                }
                Found::Perhaps(position) => self.advance(position),
                Found::Nothing => self.advance(self.buffer.len()),
            }
            if self.is_at_end {
                return Ok(false);
            }
            self.fill()?;
        }
    }

    /// Ends the current certificate, and hands it out unless it is empty or too large.
    fn cut(&mut self) -> Option<Piece> {
        let piece =
            Piece { kind: PieceKind::Packets, octets: self.buffer.slice(..self.whole), offset: self.offset, file: 0 };
        self.advance(self.whole);
        let was_discarding = std::mem::take(&mut self.is_discarding);
        (!piece.octets.is_empty() && !was_discarding).then_some(piece)
    }

    /// Gives up a certificate that is too large.
    fn discard(&mut self) -> Piece {
        let offset = self.offset;
        self.advance(self.whole);
        self.is_discarding = true;
        let kind = PieceKind::Damaged(Rejection::TooLarge(PIECE_OCTETS_LIMIT));
        Piece { kind, octets: Bytes::new(), offset, file: 0 }
    }

    /// Forgets the first `count` octets of the buffer; no packet is whole then.
    fn advance(&mut self, count: usize) {
        self.buffer = self.buffer.slice(count.min(self.buffer.len())..);
        self.offset += count as u64;
        self.whole = 0;
    }

    /// Reads as much again as there is, so that large packets are not looked at too often.
    fn fill(&mut self) -> io::Result<()> {
        let more = self.buffer.len().max(LOOK_AHEAD_OCTETS);
        let mut octets = Vec::with_capacity(self.buffer.len() + more);
        octets.extend_from_slice(&self.buffer);
        let count = self.source.by_ref().take(more as u64).read_to_end(&mut octets)?;
        self.is_at_end = count < more;
        self.buffer = octets.into();
        Ok(())
    }
}
