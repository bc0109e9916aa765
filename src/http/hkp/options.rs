//! The `options` parameter: a comma list, of which unknown items are ignored.

use super::super::query::{self, Parameters};

/// The options that change an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Machine readable.
    pub mr: bool,
    pub json: bool,
    /// Binary packets, version 6 certificates included.
    pub bin: bool,
}

impl Options {
    /// Joins all parameters of that name.
    pub(crate) fn read(parameters: Parameters) -> Self {
        let mut options = Self::default();
        for value in parameters.raw("options") {
            for item in query::text(&query::decode(value)).split(',') {
                match item.trim() {
                    "mr" => options.mr = true,
                    "json" => options.json = true,
                    "bin" => options.bin = true,
                    _ => {}
                }
            }
        }
        options
    }

    /// The options of either.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { mr: self.mr || other.mr, json: self.json || other.json, bin: self.bin || other.bin }
    }
}
