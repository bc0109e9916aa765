//! The thread that reads the files and cuts them into batches.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use crate::cert::Limits;
use crate::keyring::load::{CertificateReader, Piece, ReadError};
use crate::keyring::submit::{BATCH_LIMIT, BATCH_OCTETS};

pub(super) struct Reading {
    pub account: Arc<Account>,
    pub limits: Limits,
    /// Ends the reading after the batch under way.
    pub stop: CancellationToken,
    pub batches: mpsc::Sender<Vec<Piece>>,
}

impl Reading {
    /// Reads until the end of the last file, or until nobody wants more. Blocks.
    pub(super) fn read_all(self) {
        let mut batch = Batch::default();
        let account = self.account.clone();
        for (number, input) in account.inputs().iter().enumerate() {
            let mut reader =
                match input.open().and_then(|file| CertificateReader::new(account.watch(file), &self.limits)) {
                    Ok(reader) => reader,
                    Err(error) => {
                        account.unreadable(number, &error.into());
                        continue;
                    }
                };
            loop {
                match reader.next_piece() {
                    Ok(Some(piece)) => batch.push(Piece { file: number, ..piece }),
                    Ok(None) => break,
                    Err(error) => {
                        account.unreadable(number, &error);
                        match error {
                            ReadError::Armor { .. } => {}
                            ReadError::Io(_) | ReadError::ArmorTooLarge { .. } => break,
                        }
                    }
                }
                if batch.is_full() && !self.send(&mut batch) {
                    return;
                }
            }
        }
        self.send(&mut batch);
    }

    /// Whether more is wanted.
    fn send(&self, batch: &mut Batch) -> bool {
        let Batch { pieces, .. } = std::mem::take(batch);
        let is_taken = pieces.is_empty() || self.batches.blocking_send(pieces).is_ok();
        is_taken && !self.stop.is_cancelled()
    }
}

#[derive(Default)]
struct Batch {
    pieces: Vec<Piece>,
    octets: usize,
}

impl Batch {
    fn push(&mut self, piece: Piece) {
        self.octets += piece.octets.len();
        self.pieces.push(piece);
    }

    fn is_full(&self) -> bool {
        self.pieces.len() >= BATCH_LIMIT || self.octets >= BATCH_OCTETS
    }
}
