//! What there is to say about a configuration: every value with its origin, and every problem.

use std::borrow::Cow;
use std::fmt;

use super::Origin;

/// Values in the order in which they are read; problems in that of the file, after those of other sources.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub entries: Vec<Entry>,
    pub problems: Vec<Problem>,
}

/// One setting as it is in effect.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key below `[hockeypuck]`.
    pub key: Cow<'static, str>,
    /// As TOML, secrets hidden.
    pub value: String,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing needs to be done: the key had an effect in Hockeypuck that is not needed here.
    Note,
    /// The setting has no effect, although it was meant to have one.
    Warning,
    /// The setting cannot be used: the server does not start.
    Error,
}

/// One sentence that names the place, the key and what is allowed.
#[derive(Clone, Debug)]
pub struct Problem {
    pub severity: Severity,
    /// The line of the file, from 1; 0 when it is not about one.
    pub line: usize,
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{word}: {}", self.text)
    }
}

/// The effective configuration, as a TOML file in which each line tells its origin.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "[hockeypuck]")?;
        for entry in &self.entries {
            let setting = format!("{} = {}", entry.key, entry.value);
            writeln!(f, "{setting:<64} # {}", entry.origin)?;
        }
        Ok(())
    }
}
