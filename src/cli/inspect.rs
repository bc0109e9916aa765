//! `hockeypuck inspect`: what would be stored, without a server.

mod finding;

use std::collections::BTreeMap;

use clap::Args;

use super::files::{Input, expand};
use super::options::StoreOptions;
use super::{Ending, output};
use crate::app;
use crate::cert::{self, Limits};
use crate::keyring::load::{CertificateReader, Piece, PieceKind, ReadError};
use finding::Finding;

/// Certificates that are verified together, on all cores.
const BATCH_LIMIT: usize = 256;
const BATCH_OCTETS: usize = 8 << 20;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Keyrings, binary or armored; patterns; directories, of which *.pgp, *.gpg, *.asc and *.key are read; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreOptions,
}

pub(super) fn run(options: &Options, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let config = options.store.configure(environment)?;
    let limits = app::limits(&config.openpgp);
    let mut is_good = true;
    for input in expand(&options.files)? {
        match inspect(&input, limits, options.json) {
            Ok(is_whole) => is_good &= is_whole,
            Err(error) if error.downcast_ref::<ReadError>().is_none() => return Err(error),
            Err(error) => {
                output::complain(&format!("{input} cannot be read whole: {error:#}"));
                is_good = false;
            }
        }
    }
    Ok(if is_good { Ending::Done } else { Ending::No })
}

/// Whether all of the input would be stored.
fn inspect(input: &Input, limits: Limits, is_json: bool) -> anyhow::Result<bool> {
    let file = input.to_string();
    let opened = input.open().and_then(|octets| CertificateReader::new(octets, &limits));
    let mut reader = opened.map_err(ReadError::Io)?;
    let mut is_good = true;
    loop {
        let batch = next_batch(&mut reader)?;
        if batch.is_empty() {
            return Ok(is_good);
        }
        for finding in judge_all(&batch, limits, &file) {
            is_good &= finding.error.is_none();
            if is_json { output::say(serde_json::to_string(&finding)?)? } else { output::say(&finding)? }
        }
    }
}

fn next_batch<R: std::io::Read>(reader: &mut CertificateReader<R>) -> anyhow::Result<Vec<Piece>> {
    let mut batch = Vec::new();
    let mut octets = 0;
    while batch.len() < BATCH_LIMIT && octets < BATCH_OCTETS {
        let Some(piece) = reader.next_piece()? else { break };
        octets += piece.octets.len();
        batch.push(piece);
    }
    Ok(batch)
}

/// The findings of a batch in its order.
fn judge_all<'a>(batch: &[Piece], limits: Limits, file: &'a str) -> Vec<Finding<'a>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = batch.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let work = |pieces: &'_ [Piece]| pieces.iter().flat_map(|piece| judge(piece, limits, file)).collect::<Vec<_>>();
        let running: Vec<_> = batch.chunks(share).map(|pieces| scope.spawn(move || work(pieces))).collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn judge<'a>(piece: &Piece, limits: Limits, file: &'a str) -> Vec<Finding<'a>> {
    match &piece.kind {
        PieceKind::Packets => cert::read(piece.octets.clone(), limits).map(|item| Finding::of(file, item)).collect(),
        PieceKind::Damaged(reason) => {
            vec![Finding::rejected(file, None, format!("at octet {}: {reason}", piece.offset))]
        }
        PieceKind::Skipped { octets } => {
            vec![Finding::rejected(file, None, format!("at octet {}: {octets} octets are no packets", piece.offset))]
        }
    }
}
