//! What is to be written.

use std::collections::VecDeque;

use crate::wire::Message;

/// Messages to be written, in pieces that end where a message ends.
///
/// A piece is what goes into one write: some peers lose a message of which they see only a part.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pieces: VecDeque<Vec<u8>>,
    /// Of the first piece.
    written: usize,
    octets: usize,
}

/// What the initial window of a connection carries at once.
const PIECE: usize = 14_000;

impl Outbox {
    /// Queues octets that belong together.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.octets;
        // The first piece may be on its way.
        let last = if self.pieces.len() > 1 || self.written == 0 { self.pieces.pop_back() } else { None };
        let mut piece = last.unwrap_or_default();
        let boundary = piece.len();
        write(&mut piece);
        self.octets = before + piece.len() - boundary;
        if boundary > 0 && piece.len() > PIECE {
            let next = piece.split_off(boundary);
            self.pieces.push_back(piece);
            piece = next;
        }
        self.pieces.push_back(piece);
    }

    /// Queues a message.
    pub(super) fn message(&mut self, message: &Message) {
        self.push(|out| message.encode(out));
    }

    /// Queues all of another box, which starts a new piece.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.octets += std::mem::take(&mut other.octets);
        self.pieces.append(&mut other.pieces);
    }

    /// Forgets what has not been started.
    pub(super) fn cut(&mut self) {
        self.pieces.truncate(usize::from(self.written > 0));
        self.octets = self.output().len();
    }

    /// What is left of the first piece.
    pub(super) fn output(&self) -> &[u8] {
        self.pieces.front().and_then(|piece| piece.get(self.written..)).unwrap_or_default()
    }

    /// So many octets of the output were written.
    pub(super) fn sent(&mut self, octets: usize) {
        self.written += octets.min(self.output().len());
        self.octets = self.octets.saturating_sub(octets);
        if self.output().is_empty() {
            self.pieces.pop_front();
            self.written = 0;
        }
    }

    /// How many octets are to be written.
    pub(super) fn octets(&self) -> usize {
        self.octets
    }
}
