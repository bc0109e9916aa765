//! Where settings come from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// The sources of settings beside the defaults, the strongest first.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Values of command line flags by the flag's long name, without dashes.
    pub flags: BTreeMap<&'static str, String>,
    /// The process's environment, or what a test passes for it.
    pub environment: BTreeMap<String, String>,
    pub file: Option<PathBuf>,
}

/// Which source gave a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Environment(String),
    /// A line of the file, from 1.
    File {
        path: PathBuf,
        line: usize,
    },
    Default,
}

impl Origin {
    /// The line of the file; 0 for other sources.
    pub(super) fn line(&self) -> usize {
        match self {
            Self::File { line, .. } => *line,
            Self::Flag(_) | Self::Environment(_) | Self::Default => 0,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Environment(name) => f.write_str(name),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}
