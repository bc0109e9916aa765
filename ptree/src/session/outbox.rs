//! What is to be written.

use std::collections::VecDeque;

use crate::wire::Message;

/// Messages to be written, in pieces that end where a message ends.
///
/// A piece is what goes into one write: some peers lose a message of which they see only a part.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pieces: VecDeque<Piece>,
    /// Of the first piece.
    written: usize,
    octets: usize,
}

#[derive(Debug, Default)]
struct Piece {
    octets: Vec<u8>,
    /// Whether the connection has to be quiet before it.
    waits: bool,
}

/// What the initial window of a connection carries at once.
const PIECE: usize = 14_000;
/// The most octets of a piece of several messages.
const PIECE_LIMIT: usize = 224_000;

impl Outbox {
    /// Queues octets that belong together.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.octets;
        // The first piece may be on its way.
        let last = if self.pieces.len() > 1 || self.written == 0 { self.pieces.pop_back() } else { None };
        let mut piece = last.unwrap_or_default();
        let boundary = piece.octets.len();
        write(&mut piece.octets);
        self.octets = before + piece.octets.len() - boundary;
        // What arrived before has made room for as much again.
        let limit = PIECE_LIMIT.min(PIECE + before - boundary);
        if boundary > 0 && piece.octets.len() > limit {
            let octets = piece.octets.split_off(boundary);
            self.pieces.push_back(piece);
            piece = Piece { octets, waits: false };
        }
        self.pieces.push_back(piece);
    }

    /// Queues a message.
    pub(super) fn message(&mut self, message: &Message) {
        self.push(|out| message.encode(out));
    }

    /// Queues all of another box, nothing of which has been written. Of what it holds, each piece but the first has
    /// to find the connection quiet, and the first one too if it takes longer to arrive.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.octets += std::mem::take(&mut other.octets);
        let pieces = other.pieces.drain(..).enumerate();
        self.pieces.extend(pieces.map(|(at, piece)| Piece { waits: at > 0 || piece.octets.len() > PIECE, ..piece }));
    }

    /// Whether the connection has to be quiet for a while before there is output.
    pub(super) fn waits(&self) -> bool {
        self.pieces.front().is_some_and(|piece| piece.waits)
    }

    /// The connection has been quiet.
    pub(super) fn release(&mut self) {
        self.pieces.front_mut().into_iter().for_each(|piece| piece.waits = false);
    }

    /// Forgets what has not been started.
    pub(super) fn cut(&mut self) {
        self.pieces.truncate(usize::from(self.written > 0));
        self.octets = self.output().len();
    }

    /// What is left of the first piece.
    pub(super) fn output(&self) -> &[u8] {
        let ready = self.pieces.front().filter(|piece| !piece.waits);
        ready.and_then(|piece| piece.octets.get(self.written..)).unwrap_or_default()
    }

    /// So many octets of the output were written.
    pub(super) fn sent(&mut self, octets: usize) {
        let octets = octets.min(self.output().len());
        self.written += octets;
        self.octets = self.octets.saturating_sub(octets);
        if octets > 0 && self.output().is_empty() {
            self.pieces.pop_front();
            self.written = 0;
        }
    }

    /// How many octets are to be written.
    pub(super) fn octets(&self) -> usize {
        self.octets
    }
}
