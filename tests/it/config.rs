//! Where settings come from, what they mean, and what is said about mistakes.

mod admin;
mod charm;
mod database;
mod defaults;
mod files;
mod hkps;
mod mistakes;
mod origins;
mod pks;
mod recon;
mod template;
mod tracing;

use hockeypuck::config::{Config, Loaded, Sources};
use tempfile::TempDir;

/// Sources that a test puts together.
struct Settings {
    sources: Sources,
    directory: Option<TempDir>,
}

impl Settings {
    fn none() -> Self {
        Self { sources: Sources::default(), directory: None }
    }

    /// A configuration file with this text.
    fn file(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hockeypuck.conf");
        std::fs::write(&path, text).unwrap();
        let sources = Sources { file: Some(path), ..Sources::default() };
        Self { sources, directory: Some(directory) }
    }

    fn flag(mut self, name: &'static str, value: &str) -> Self {
        self.sources.flags.insert(name, value.to_owned());
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn load(&self) -> Loaded {
        Config::load(&self.sources)
    }

    /// The configuration, of which nothing bad may be said.
    fn good(&self) -> Config {
        let Loaded { config, report } = self.load();
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        config
    }

    /// Every problem on a line, without the directory of the file.
    fn problems(&self) -> String {
        let lines: Vec<String> = self.load().report.problems.iter().map(ToString::to_string).collect();
        self.without_directory(&lines.join("\n"))
    }

    /// The effective values of the keys that begin with `prefix`, with their origins.
    fn shown(&self, prefix: &str) -> String {
        let report = self.load().report.to_string();
        let lines = report.lines().filter(|line| line.starts_with(prefix));
        let plain = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        self.without_directory(&plain.collect::<Vec<_>>().join("\n"))
    }

    fn without_directory(&self, text: &str) -> String {
        let Some(directory) = &self.directory else { return text.to_owned() };
        text.replace(&format!("{}/", directory.path().display()), "")
    }
}
