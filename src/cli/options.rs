//! Flags that several commands share, and the configuration that follows from them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::output::complain;
use crate::config::{Config, Loaded, Report, Severity, Sources};
use crate::telemetry::log::{self, Log};
use crate::telemetry::traces::Traces;

/// Flags of the commands that use the database.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct StoreOptions {
    /// Configuration file: Hockeypuck's TOML [env: HOCKEYPUCK_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory of the embedded database [env: HOCKEYPUCK_DATA_DIR]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// PostgreSQL (postgres://… or host=… dbname=…) or SQLite (sqlite:PATH) [env: HOCKEYPUCK_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// What is logged: error, warn, info, debug or trace [env: HOCKEYPUCK_LOG_LEVEL]
    #[arg(long, alias = "log", value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// How the log looks: auto, text, json or logfmt [env: HOCKEYPUCK_LOG_FORMAT]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// Flags of the server.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ServeOptions {
    #[command(flatten)]
    pub store: StoreOptions,
    /// Where HKP is served, such as 127.0.0.1:11371, or :11371 for all interfaces [env: HOCKEYPUCK_BIND]
    #[arg(long, value_name = "ADDR")]
    pub bind: Option<String>,
    /// Where metrics are served, or none [env: HOCKEYPUCK_METRICS_BIND]
    #[arg(long, value_name = "ADDR")]
    pub metrics_bind: Option<String>,
    /// Where keyservers connect to reconcile, such as :11370, or none [env: HOCKEYPUCK_RECON_BIND]
    #[arg(long, value_name = "ADDR")]
    pub recon_bind: Option<String>,
}

impl StoreOptions {
    pub(super) fn sources(&self, environment: BTreeMap<String, String>) -> Sources {
        let flags = [
            ("data-dir", &self.data_dir),
            ("database-url", &self.database_url),
            ("log-level", &self.log_level),
            ("log-format", &self.log_format),
        ];
        let given = flags.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        let file = self.config.clone().or_else(|| environment.get("HOCKEYPUCK_CONFIG").map(PathBuf::from));
        Sources { flags: given.collect(), file: file.filter(|path| !path.as_os_str().is_empty()), environment }
    }

    /// The configuration of a command that is no server.
    pub(super) fn configure(&self, environment: BTreeMap<String, String>) -> anyhow::Result<Config> {
        Ok(usable(Config::load(&self.sources(environment)))?.0)
    }
}

impl ServeOptions {
    pub(super) fn sources(&self, environment: BTreeMap<String, String>) -> Sources {
        let mut sources = self.store.sources(environment);
        let flags = [("bind", &self.bind), ("metrics-bind", &self.metrics_bind), ("recon-bind", &self.recon_bind)];
        sources.flags.extend(flags.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        sources
    }

    /// The configuration and what there is to say about it.
    pub(super) fn configure(&self, environment: BTreeMap<String, String>) -> anyhow::Result<(Config, Report)> {
        usable(Config::load(&self.sources(environment)))
    }
}

/// Installs the log for the rest of the program's life.
pub(super) fn install_log(config: &Config) -> anyhow::Result<Log> {
    install_log_with(config, None)
}

/// As [`install_log`], with traces of what happens.
pub(super) fn install_log_with(config: &Config, traces: Option<&Traces>) -> anyhow::Result<Log> {
    Ok(log::install(&log::Settings {
        level: config.log.level,
        format: config.log.format,
        filter: &config.log.filter,
        file: config.log.file.as_deref(),
        traces,
    })?)
}

/// Tells every error, so that all can be mended at once.
fn usable(loaded: Loaded) -> anyhow::Result<(Config, Report)> {
    let report = match loaded.usable() {
        Ok(usable) => return Ok(usable),
        Err(report) => report,
    };
    let errors: Vec<_> = report.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    let Some((last, others)) = errors.split_last() else { bail!("the configuration cannot be used") };
    for problem in others {
        complain(&problem.text);
    }
    bail!("{}", last.text)
}
