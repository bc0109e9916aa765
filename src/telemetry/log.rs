//! The log: where events of the whole program are written, and how they look.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

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
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    pub level: Level,
    pub format: Format,
    /// Directives that replace the level, where they are not empty.
    pub filter: &'a str,
    /// `None`: standard error.
    pub file: Option<&'a Path>,
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
    let is_terminal = settings.file.is_none() && io::stderr().is_terminal();
    let (filter, handle) = reload::Layer::new(filter(settings.level, settings.filter)?);
    let layer = layer(settings.format, is_terminal, output.clone());
    tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init()
        .map_err(|_| LogError::AlreadyInstalled)?;
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

fn layer(format: Format, is_terminal: bool, output: Output) -> Box<dyn Layer<Registry> + Send + Sync> {
    match format {
        Format::Auto if is_terminal => text(is_terminal, output),
        Format::Text => text(is_terminal, output),
        Format::Json => tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(output).boxed(),
        Format::Auto | Format::Logfmt => tracing_logfmt::builder().layer().with_writer(output).boxed(),
    }
}

fn text(has_colors: bool, output: Output) -> Box<dyn Layer<Registry> + Send + Sync> {
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
        match &self.0 {
            Output::StandardError => io::stderr().write(octets),
            Output::File { file, .. } => file.lock().unwrap_or_else(PoisonError::into_inner).write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
