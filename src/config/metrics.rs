//! The listener for Prometheus.

use super::BindAddress;
use super::address::OptionalAddress;
use super::reader::{Key, Reader};

/// `[hockeypuck.metrics]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// `None`: no metrics are served.
    pub bind: Option<BindAddress>,
    /// Begins with `/`.
    pub path: String,
}

impl Metrics {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let host = if reader.has_file() { "" } else { "127.0.0.1" };
        let bind = OptionalAddress(Some(BindAddress { host: host.to_owned(), port: 9626 }));
        Self {
            bind: reader.get(Key::new("metrics.metricsAddr").flag("metrics-bind"), bind).0,
            path: reader.text(Key::new("metrics.metricsPath"), "/metrics", check_path),
        }
    }
}

/// Braces and asterisks have a meaning in routes.
fn check_path(path: &str) -> Result<(), String> {
    let is_plain = path.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '{' | '}' | '*' | '?' | '#'));
    if path.starts_with('/') && is_plain { Ok(()) } else { Err("a path that begins with \"/\"".to_owned()) }
}
