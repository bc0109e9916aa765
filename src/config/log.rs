//! What is logged, where and how.

use std::path::PathBuf;

use super::reader::{Key, Reader};
use super::value::{Raw, Value, parse_text, quoted};
use crate::telemetry::log::{Format, Level};

/// `loglevel` and `logfile` as in Hockeypuck, and `[hockeypuck.log]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub level: Level,
    pub format: Format,
    /// Directives such as `info,hockeypuck=debug` that replace the level; may be empty.
    pub filter: String,
    /// `None`: standard error.
    pub file: Option<PathBuf>,
}

impl Log {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let file = reader.get(Key::new("logfile"), String::new());
        Self {
            level: reader.get(Key::new("loglevel").flag("log-level"), Level::Info),
            format: reader.get(Key::new("log.format").flag("log-format"), Format::Auto),
            filter: reader.text(Key::new("log.filter"), "", check_filter),
            file: (!file.is_empty()).then(|| file.into()),
        }
    }
}

fn check_filter(filter: &str) -> Result<(), String> {
    crate::telemetry::log::check_filter(filter)
        .map_err(|cause| format!("directives such as \"info,hockeypuck=debug\" ({cause})"))
}

impl Value for Level {
    const EXPECTED: &'static str = "one of panic, fatal, error, warn, warning, info, debug, trace";

    fn read(raw: &Raw) -> Option<Self> {
        parse_text(raw)
    }

    fn shown(&self) -> String {
        quoted(self.as_str())
    }
}

impl Value for Format {
    const EXPECTED: &'static str = "one of auto, text, json, logfmt";

    fn read(raw: &Raw) -> Option<Self> {
        parse_text(raw)
    }

    fn shown(&self) -> String {
        quoted(self.as_str())
    }
}
