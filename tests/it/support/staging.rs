//! What `deploy/stage.sh` makes of a layout.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::server::binary;
use super::tools::run;

/// The root of a machine or image that has nothing but what one layout names.
pub struct Staged {
    directory: TempDir,
}

impl Staged {
    /// Everything in it can be read by every user, also where the program was built privately.
    pub fn of(layout: &str) -> Self {
        Self::with_program(layout, &binary())
    }

    /// With a small script in place of the large program, which it starts under the same name.
    pub fn light(layout: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        Self::with_program(layout, &stand_in(place.path()))
    }

    fn with_program(layout: &str, program: &Path) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
        let mut stage = Command::new(repository("deploy/stage.sh"));
        run(stage.arg(repository(layout)).arg(directory.path()).arg(program)).expect_success();
        Self { directory }
    }

    /// Where an absolute path of the layout is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path.trim_start_matches('/'))
    }
}

/// A script that is the program to everybody who calls it.
pub fn stand_in(directory: &Path) -> PathBuf {
    let path = directory.join("program");
    fs::write(&path, format!("#!/bin/bash\nexec -a \"$0\" '{}' \"$@\"\n", binary().display())).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    path
}

/// A file of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of a file of this repository.
pub fn text(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// One line of a layout.
#[derive(Debug)]
pub struct Line {
    pub kind: String,
    /// `-` for none.
    pub mode: String,
    pub path: String,
    pub from: Option<String>,
}

/// The lines of a layout.
pub fn layout(path: &str) -> Vec<Line> {
    let text = text(path);
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &str| {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let [kind, mode, path, from @ ..] = words.as_slice() else { panic!("{line}") };
        assert!(from.len() <= 1 && path.starts_with('/'), "{line}");
        Line { kind: kind.clone(), mode: mode.clone(), path: path.clone(), from: from.first().cloned() }
    };
    lines.map(read).collect()
}
