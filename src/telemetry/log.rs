//! The log: where events of the whole program are written, and how they look.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use tracing::Metadata;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

use super::traces::Traces;

/// From which importance on events are logged. Hockeypuck's `panic` and `fatal` are `error` here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text on a terminal, else logfmt.
    Auto,
    Text,
    Json,
    Logfmt,
}

/// What is logged, and where.
#[derive(Clone)]
pub struct Settings<'a> {
    pub level: Level,
    pub format: Format,
    /// Directives that replace the level, where they are not empty.
    pub filter: &'a str,
    /// `None`: standard error.
    pub file: Option<&'a Path>,
    /// What else hears of what happens.
    pub traces: Option<&'a Traces>,
}

/// Why there is no log.
#[derive(Debug, Error)]
pub enum LogError {
    #[error("the log file {path} cannot be opened: {cause}")]
    Open { path: PathBuf, cause: io::Error },
    #[error("the log filter cannot be used: {0}")]
    Filter(String),
    #[error("something else in this process writes the log already")]
    AlreadyInstalled,
}

/// The log in use. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log {
    output: Output,
    filter: reload::Handle<EnvFilter, Registry>,
}

/// Installs the log for the whole process; only a program's entry point may do that.
pub fn install(settings: &Settings<'_>) -> Result<Log, LogError> {
    let output = Output::open(settings.file)?;
    let (filter, handle) = reload::Layer::new(filter(settings.level, settings.filter)?);
    let layers = layers(settings, &output, filter);
    tracing_subscriber::registry().with(layers).try_init().map_err(|_| LogError::AlreadyInstalled)?;
    Ok(Log { output, filter: handle })
}

/// Whether `filter` is a list of directives.
pub fn check_filter(filter: &str) -> Result<(), String> {
    EnvFilter::try_new(filter).map(drop).map_err(|error| error.to_string())
}

impl Log {
    /// Opens the log file again, so that it can be moved away while the server runs. Whether there is one.
    pub fn reopen(&self) -> Result<bool, LogError> {
        self.output.reopen()
    }

    /// Logs from now on what the level, or the directives in its place, let pass.
    pub fn set_filter(&self, level: Level, directives: &str) -> Result<(), LogError> {
        let filter = filter(level, directives)?;
        self.filter.reload(filter).map_err(|error| LogError::Filter(error.to_string()))
    }
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The text names no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown name")]
pub struct ParseNameError;

impl FromStr for Level {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "panic" | "fatal" | "error" => Ok(Self::Error),
            "warn" | "warning" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err(ParseNameError),
        }
    }
}

impl Format {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Text => "text",
            Self::Json => "json",
            Self::Logfmt => "logfmt",
        }
    }
}

impl FromStr for Format {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Auto, Self::Text, Self::Json, Self::Logfmt]
            .into_iter()
            .find(|format| format.as_str().eq_ignore_ascii_case(text))
            .ok_or(ParseNameError)
    }
}

type AnyLayer = Box<dyn Layer<Registry> + Send + Sync>;
type Filter = reload::Layer<EnvFilter, Registry>;

/// The log, and traces where they are sent.
fn layers(settings: &Settings<'_>, output: &Output, filter: Filter) -> Vec<AnyLayer> {
    let is_terminal = settings.file.is_none() && io::stderr().is_terminal();
    // Spans are for traces: what a line needs stands in its own fields.
    let filter = filter.and(filter_fn(|metadata: &Metadata<'_>| metadata.is_event()));
    let mut layers = vec![layer(settings.format, is_terminal, output.clone()).with_filter(filter).boxed()];
    layers.extend(settings.traces.map(Traces::layer));
    layers
}

fn filter(level: Level, directives: &str) -> Result<EnvFilter, LogError> {
    let directives = if directives.is_empty() { default_filter(level) } else { directives.to_owned() };
    EnvFilter::try_new(directives).map_err(|error| LogError::Filter(error.to_string()))
}

/// The libraries below are quieter than this program: their statements may hold search texts.
fn default_filter(level: Level) -> String {
    match level {
        Level::Error | Level::Warn => level.as_str().to_owned(),
        Level::Info | Level::Debug | Level::Trace => format!("warn,hockeypuck={}", level.as_str()),
    }
}

fn layer(format: Format, is_terminal: bool, output: Output) -> AnyLayer {
    match format {
        Format::Auto if is_terminal => text(is_terminal, output),
        Format::Text => text(is_terminal, output),
        Format::Json => json(output),
        Format::Auto | Format::Logfmt => tracing_logfmt::builder().layer().with_writer(output).boxed(),
    }
}

/// All fields beside each other, the message among them.
fn json(output: Output) -> AnyLayer {
    let layer = tracing_subscriber::fmt::layer().json().flatten_event(true);
    layer.with_current_span(false).with_span_list(false).with_writer(output).boxed()
}

fn text(has_colors: bool, output: Output) -> AnyLayer {
    tracing_subscriber::fmt::layer().with_ansi(has_colors).with_target(false).with_writer(output).boxed()
}

/// Standard error, or a file that can be opened again.
#[derive(Clone, Debug)]
enum Output {
    StandardError,
    File { path: Arc<PathBuf>, file: Arc<Mutex<File>> },
}

impl Output {
    fn open(path: Option<&Path>) -> Result<Self, LogError> {
        let Some(path) = path else { return Ok(Self::StandardError) };
        let file = open(path)?;
        Ok(Self::File { path: Arc::new(path.to_owned()), file: Arc::new(Mutex::new(file)) })
    }

    fn reopen(&self) -> Result<bool, LogError> {
        let Self::File { path, file } = self else { return Ok(false) };
        let opened = open(path)?;
        *file.lock().unwrap_or_else(PoisonError::into_inner) = opened;
        Ok(true)
    }
}

fn open(path: &Path) -> Result<File, LogError> {
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|cause| LogError::Open { path: path.to_owned(), cause })
}

impl<'a> MakeWriter<'a> for Output {
    type Writer = Line;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.clone())
    }
}

/// The writer of one event, which is written as a whole.
struct Line(Output);

impl Write for Line {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let line = one_line(octets);
        match &self.0 {
            Output::StandardError => io::stderr().write_all(&line)?,
            Output::File { file, .. } => file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)?,
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The event without line breaks but that at its end: what others say may have some, and one format lets them pass.
fn one_line(event: &[u8]) -> Cow<'_, [u8]> {
    let (text, end) = event.strip_suffix(b"\n").map_or((event, &b""[..]), |text| (text, b"\n"));
    if !text.contains(&b'\n') {
        return Cow::Borrowed(event);
    }
    let lines: Vec<&[u8]> = text.split(|octet| *octet == b'\n').collect();
    Cow::Owned([&lines.join(&b"\\n"[..]), end].concat())
}

#[cfg(test)]
mod tests {
    use tracing::subscriber::with_default;

    use super::*;
    use crate::telemetry::traces::{Sampler, TARGET, Traces};

    fn filter_of(settings: &Settings<'_>) -> Filter {
        reload::Layer::new(filter(settings.level, settings.filter).unwrap()).0
    }

    fn is_span_disabled(filter: &str, traces: Option<&Traces>) -> bool {
        let settings = Settings { level: Level::Info, format: Format::Json, filter, file: None, traces };
        let layers = layers(&settings, &Output::StandardError, filter_of(&settings));
        with_default(tracing_subscriber::registry().with(layers), || {
            tracing::info_span!(target: TARGET, "request").is_disabled()
        })
    }

    /// Programs that collect logs read lines, whatever is in a cause.
    #[test]
    fn events_are_lines() {
        for format in [Format::Text, Format::Json, Format::Logfmt] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("log");
            let settings = Settings { level: Level::Info, format, filter: "", file: Some(&path), traces: None };
            let layers = layers(&settings, &Output::open(Some(&path)).unwrap(), filter_of(&settings));
            with_default(tracing_subscriber::registry().with(layers), || {
                tracing::warn!(cause = %"one\ntwo", text = "three\r\nfour", debug = ?"five\nsix", "seven\neight");
            });
            let log = std::fs::read_to_string(&path).unwrap();
            assert_eq!(log.lines().count(), 1, "{format:?}: {log}");
            assert!(log.contains("two") && log.contains("eight"), "{format:?}: {log}");
        }
    }

    /// Where no traces are sent no span is made, whatever is logged; where they are, it is.
    #[test]
    fn spans_cost_nothing_without_traces() {
        for filter in ["", "trace", "traces=trace"] {
            assert!(is_span_disabled(filter, None), "{filter}");
        }
        let settings = crate::telemetry::traces::Settings {
            endpoint: "http://127.0.0.1:1/v1/traces",
            service: "keys",
            version: "0",
            sampler: Sampler::All,
        };
        let _ = rustls::crypto::ring::default_provider().install_default();
        let traces = Traces::open(&settings, reqwest::Client::new()).unwrap();
        assert!(!is_span_disabled("", Some(&traces)));
    }
}
