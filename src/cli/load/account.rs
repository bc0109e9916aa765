//! What became of everything that was read.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;

use super::super::files::Input;
use super::super::output::{complain, counted, say};
use super::progress::Progress;
use crate::keyring::Outcome;
use crate::keyring::load::{PieceKind, ReadError, Stored, Totals};

/// The most reasons that are told on standard error, and the most unreadable places.
const TOLD_LIMIT: u64 = 1000;

pub(super) struct Account {
    inputs: Vec<Input>,
    progress: Progress,
    state: Mutex<State>,
}

struct State {
    totals: Totals,
    rejects: Option<Rejects>,
    /// Sentences on standard error, and those that were not told because there were too many.
    told: u64,
    untold: u64,
    /// Files, certificates and places that could not be read whole.
    damages: u64,
}

struct Rejects {
    writer: BufWriter<File>,
    /// The first failure to write.
    failure: Option<io::Error>,
}

impl Account {
    pub(super) fn new(inputs: Vec<Input>, rejects: Option<&Path>) -> anyhow::Result<Self> {
        let rejects = rejects.map(Rejects::create).transpose()?;
        let progress = Progress::new(inputs.iter().map(Input::len).sum());
        let state = State { totals: Totals::default(), rejects, told: 0, untold: 0, damages: 0 };
        Ok(Self { inputs, progress, state: Mutex::new(state) })
    }

    pub(super) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The same octets, shown as progress.
    pub(super) fn watch(&self, input: Box<dyn Read + Send>) -> impl Read + use<> {
        self.progress.watch(input)
    }

    /// A file, or a place in it, cannot be read.
    pub(super) fn unreadable(&self, file: usize, error: &ReadError) {
        let mut state = self.state();
        state.damages += 1;
        self.tell(&mut state, &format!("{} cannot be read whole: {error}", self.name(file)));
    }

    /// A batch is stored.
    pub(super) fn add(&self, batch: &[Stored]) {
        let mut state = self.state();
        for stored in batch {
            state.totals.add(stored);
            self.add_damage(&mut state, stored);
            self.add_rejects(&mut state, stored);
        }
        self.progress.show(&state.totals);
    }

    /// Tells the sums; whether everything that was read has its place.
    pub(super) fn finish(&self) -> anyhow::Result<bool> {
        self.progress.finish();
        let mut state = self.state();
        say(&state.totals)?;
        if state.untold > 0 {
            complain(&format!(
                "{} not told; --rejects keeps them",
                counted(state.untold, "more reason was", "more reasons were")
            ));
        }
        if let Some(rejects) = &mut state.rejects {
            rejects.finish().context("the rejects could not all be written")?;
        }
        Ok(state.totals.adds_up() && state.damages == 0 && state.untold == 0)
    }

    fn add_damage(&self, state: &mut State, stored: &Stored) {
        match &stored.piece.kind {
            PieceKind::Packets => {}
            PieceKind::Damaged(reason) => {
                state.damages += 1;
                if state.rejects.is_some() {
                    let place = self.place(stored);
                    self.tell(state, &format!("{place}: damaged: {reason}"));
                }
            }
            PieceKind::Skipped { octets } => {
                state.damages += 1;
                let place = self.place(stored);
                self.tell(state, &format!("{place}: {} no packets", counted(*octets, "octet is", "octets are")));
            }
        }
    }

    fn add_rejects(&self, state: &mut State, stored: &Stored) {
        let mut is_rejected = false;
        for result in &stored.results {
            let Outcome::Rejected(reason) = &result.outcome else { continue };
            is_rejected = true;
            if state.rejects.is_none() {
                let place = self.place(stored);
                let name = result.fingerprint.map(|fingerprint| format!(" {fingerprint}")).unwrap_or_default();
                self.tell(state, &format!("{place}:{name} not stored: {reason}"));
            }
        }
        if let Some(rejects) = state.rejects.as_mut().filter(|_| is_rejected) {
            rejects.write(&stored.piece.octets);
        }
    }

    fn tell(&self, state: &mut State, sentence: &str) {
        if state.told >= TOLD_LIMIT {
            state.untold += 1;
            return;
        }
        state.told += 1;
        self.progress.aside(|| complain(sentence));
    }

    fn place(&self, stored: &Stored) -> String {
        format!("{} at octet {}", self.name(stored.piece.file), stored.piece.offset)
    }

    fn name(&self, file: usize) -> String {
        match self.inputs.get(file) {
            Some(Input::StandardInput) | None => "standard input".to_owned(),
            Some(input) => input.to_string(),
        }
    }

    /// Nothing in here can be half done when a thread dies.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rejects {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { writer: BufWriter::new(file), failure: None })
    }

    fn write(&mut self, octets: &[u8]) {
        if self.failure.is_none() {
            self.failure = self.writer.write_all(octets).err();
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)?;
        self.writer.flush()
    }
}
