//! Runs the program in a directory of its own, with nothing of this machine's environment.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A working directory in which commands run.
pub struct Place {
    directory: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub struct Outcome {
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_hockeypuck"));
        command.args(arguments).env_clear().current_dir(self.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        finish(self.command(arguments), b"")
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Outcome {
        finish(self.command(arguments), input)
    }
}

impl Outcome {
    /// For snapshots: everything that was said, and the exit code.
    pub fn shown(&self) -> String {
        let code = self.code.map_or("a signal".to_owned(), |code| code.to_string());
        format!("{}--- stderr\n{}--- exit {code}", self.stdout, self.stderr)
    }

    /// The standard output of a command that must have ended well.
    pub fn success(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.shown());
        self.stdout
    }
}

/// Runs a command to its end.
pub fn finish(mut command: Command, input: &[u8]) -> Outcome {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // A program that does not read its input closes the pipe.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output().unwrap()
    });
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
