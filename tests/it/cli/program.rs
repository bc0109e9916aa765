//! Runs the program in a directory of its own, with nothing of this machine's environment.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::server;
use crate::support::tools::{self, Finished};

/// A working directory in which commands run.
pub struct Place {
    directory: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file and answers its name.
    pub fn write(&self, name: &str, octets: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path().join(name), octets).unwrap();
        name.into()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = server::command();
        command.args(arguments).current_dir(self.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Finished {
        tools::run(&mut self.command(arguments))
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Finished {
        tools::run_with_input(&mut self.command(arguments), input)
    }
}
