//! Standard output and standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line on standard output. An error is passed on, so that a closed pipe ends long listings.
pub(super) fn say(line: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// Tells one sentence on standard error. Whoever closed it does not want to know.
pub(super) fn complain(sentence: &str) {
    let _ = writeln!(io::stderr().lock(), "hockeypuck: {sentence}");
}

/// A count with its noun.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
