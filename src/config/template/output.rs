//! The rendered text, and where each part of it came from.

use std::ops::Range;
use std::rc::Rc;

use super::value::{Text, Trace};

#[derive(Default)]
pub struct Output {
    pub text: String,
    pub pieces: Vec<Piece>,
    /// What the environment put into the text, in its order.
    pub values: Vec<Printed>,
}

/// Text that was written at once.
pub struct Piece {
    /// In the rendered text.
    pub start: usize,
    /// In the source.
    pub at: usize,
    /// Whether it stands so in the source.
    pub is_copied: bool,
}

/// A value that the environment has a part in.
pub struct Printed {
    pub range: Range<usize>,
    /// The action, in the source.
    pub at: usize,
    pub trace: Rc<Trace>,
}

impl Output {
    /// Text that stands in the source at `at`.
    pub fn copy(&mut self, at: usize, text: &str) {
        self.pieces.push(Piece { start: self.text.len(), at, is_copied: true });
        self.text.push_str(text);
    }

    /// What the action at `at` made.
    pub fn print(&mut self, at: usize, text: Text) {
        let start = self.text.len();
        self.pieces.push(Piece { start, at, is_copied: false });
        self.text.push_str(&text.text);
        if let Some(trace) = text.trace {
            self.values.push(Printed { range: start..self.text.len(), at, trace });
        }
    }
}
