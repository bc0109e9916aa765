//! Programs of other people.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a program did.
#[derive(Debug)]
pub struct Finished {
    pub success: bool,
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    /// The standard output; fails the test, with all that was said, if the program failed.
    pub fn expect_success(self) -> String {
        assert!(self.success, "{self:#?}");
        self.stdout
    }

    /// For snapshots: all that was said, and the exit code.
    pub fn shown(&self) -> String {
        let code = self.code.map_or("a signal".to_owned(), |code| code.to_string());
        format!("{}--- stderr\n{}--- exit {code}", self.stdout, self.stderr)
    }

    /// All that was said; fails the test if the program did not fail.
    pub fn expect_failure(self) -> String {
        assert!(!self.success, "{self:#?}");
        self.stdout + &self.stderr
    }
}

/// A program that the setup of the tests takes out of a package, where the package is not installed.
pub fn own_program(name: &str) -> Command {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").join(name);
    let searched = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&searched).map(|path| path.join(name)).chain([own]).find(|path| path.is_file());
    Command::new(found.unwrap_or_else(|| name.into()))
}

/// Runs a program to its end without input.
pub fn run(command: &mut Command) -> Finished {
    run_with_input(command, b"")
}

/// Runs a program to its end.
pub fn run_with_input(command: &mut Command, input: &[u8]) -> Finished {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}; `make test-packages` installs what the tests need"));
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // A program that does not read its input closes the pipe, which is no fault.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output().unwrap()
    });
    finished(&output)
}

fn finished(output: &Output) -> Finished {
    Finished {
        success: output.status.success(),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
