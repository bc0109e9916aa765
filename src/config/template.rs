//! The configuration file as a template over the environment, in the language of Go's `text/template` with functions
//! of Sprig: as much of it as configuration files need. What is not known is an error with its place.
//!
//! Two things differ, so that nobody is surprised: a variable that is not set is empty text, and told about; and a
//! value from the environment cannot end the quotes that it stands in, which would make settings of it.

mod eval;
mod functions;
mod guard;
mod lexer;
mod output;
mod parser;
mod print;
mod tree;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use output::Output;

/// The most steps: actions carried out, operands looked at, items of lists made.
const STEPS_LIMIT: usize = 100_000;
/// All texts that are made on the way, and the rendered file among them, in octets.
const OCTETS_LIMIT: usize = 16 << 20;
/// How deep control structures, parentheses and lists stand in each other.
const NESTING_LIMIT: usize = 100;

/// A file whose actions have been carried out. It may hold secrets.
pub struct Rendered {
    pub text: String,
    /// Variables that are missing, in the order of their places; those in comments do not count.
    pub unset: Vec<Unset>,
    /// Where values of secret variables stand in the text.
    secrets: Vec<Range<usize>>,
    /// The line of the source for each part of the text.
    parts: Vec<Part>,
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered").field("unset", &self.unset).finish_non_exhaustive()
    }
}

/// A variable that was printed and is not set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unset {
    /// Of the action, from 1.
    pub line: usize,
    pub name: String,
}

/// Why a file is no template, or cannot be carried out. Never repeats a value of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// In the source, from 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    pub text: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.text)
    }
}

/// A part of the rendered text.
#[derive(Debug)]
struct Part {
    /// Where it begins in the rendered text.
    start: usize,
    /// The line of the source that it comes from, at its beginning.
    line: usize,
    /// Whether it was copied, so that its lines are those of the source.
    is_copied: bool,
}

/// What is wrong at an offset of the source.
#[derive(Debug)]
struct Fault {
    at: usize,
    text: String,
}

impl Fault {
    fn new(at: usize, text: impl Into<String>) -> Self {
        Self { at, text: text.into() }
    }
}

/// Carries out the actions of `source`; in it, `.` is `environment`.
pub fn render(source: &str, environment: &BTreeMap<String, String>) -> Result<Rendered, Error> {
    let rendered = || {
        let nodes = parser::parse(lexer::lex(source)?)?;
        let output = eval::run(&nodes, environment)?;
        let unset = guard::check(&output)?;
        Ok((output, unset))
    };
    let (output, unset) = rendered().map_err(|fault: Fault| located(source, fault))?;
    Ok(finished(source, output, unset))
}

impl Rendered {
    /// The line of the source for an offset of the rendered text.
    pub fn line_of(&self, offset: usize) -> usize {
        let index = self.parts.partition_point(|part| part.start <= offset);
        let Some(part) = self.parts.get(index.saturating_sub(1)) else { return 1 };
        let copied = self.text.get(part.start..offset).filter(|_| part.is_copied).unwrap_or_default();
        part.line + lines_in(copied)
    }

    /// Whether a part of the rendered text holds a value that must not be shown.
    pub fn holds_secret(&self, range: &Range<usize>) -> bool {
        self.secrets.iter().any(|secret| secret.start < range.end && range.start < secret.end)
    }
}

fn finished(source: &str, output: Output, unset: Vec<(usize, String)>) -> Rendered {
    let lines = Lines::of(source);
    let part =
        |piece: &output::Piece| Part { start: piece.start, line: lines.line(piece.at), is_copied: piece.is_copied };
    let parts = output.pieces.iter().map(part).collect();
    let secret = |value: &output::Printed| value.trace.is_secret().then(|| value.range.clone());
    let secrets = output.values.iter().filter_map(secret).collect();
    let mut unset: Vec<Unset> = unset.into_iter().map(|(at, name)| Unset { line: lines.line(at), name }).collect();
    unset.sort();
    unset.dedup();
    Rendered { text: output.text, unset, secrets, parts }
}

fn located(source: &str, fault: Fault) -> Error {
    let before = source.get(..fault.at).unwrap_or(source);
    let line = before.rsplit('\n').next().unwrap_or_default();
    Error { line: lines_in(before) + 1, column: line.chars().count() + 1, text: fault.text }
}

fn lines_in(text: &str) -> usize {
    text.bytes().filter(|octet| *octet == b'\n').count()
}

/// Tells lines of offsets, each in a moment.
struct Lines {
    /// Where each line begins.
    starts: Vec<usize>,
}

impl Lines {
    fn of(source: &str) -> Self {
        let starts = source.match_indices('\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(starts).collect() }
    }

    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }
}
