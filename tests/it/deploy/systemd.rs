//! The unit and its sample configuration.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::server::{binary, command};
use crate::support::staging::{layout, repository, text};
use crate::support::tools::{Finished, run};

const UNIT: &str = "deploy/systemd/hockeypuck.service";
const SAMPLE: &str = "deploy/systemd/hockeypuck.conf";
/// Of ten, in tenths, as `systemd-analyze security` rates it.
const EXPOSURE_LIMIT: &str = "25";

/// systemd understands every line, and rates what is left open to the service as little.
#[test]
fn the_unit_is_sound() {
    let directory = tempfile::tempdir().unwrap();
    let unit = beside_binary(&directory);
    let judged = run(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit));
    assert_eq!((judged.code, judged.stdout.as_str(), judged.stderr.as_str()), (Some(0), "", ""), "{judged:?}");
    let mut security = Command::new("systemd-analyze");
    security.args(["security", "--offline=true", "--no-pager", "--threshold", EXPOSURE_LIMIT]).arg(&unit);
    run(&mut security).expect_success();
}

/// What the unit starts, and with what, is installed by the package.
#[test]
fn the_units_paths_are_installed() {
    let unit = text(UNIT);
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    assert!(start.starts_with("/usr/bin/hockeypuck serve --config "), "{start}");
    let installed = layout("deploy/debian/layout");
    for path in start.split_whitespace().filter(|word| word.starts_with('/')) {
        assert!(installed.iter().any(|line| line.path == path), "{path}");
    }
    let user = unit.lines().find_map(|line| line.strip_prefix("User=")).unwrap();
    assert!(text("deploy/systemd/hockeypuck.sysusers").starts_with(&format!("u {user} ")));
}

/// The sample has no mistakes.
#[test]
fn the_sample_is_a_configuration() {
    let checked = check(repository(SAMPLE));
    let shown = checked.shown();
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{shown}");
    for line in
        ["hkp.bind = \"127.0.0.1:11371\"", "openpgp.db.dsn = \"sqlite:///var/lib/hockeypuck/hockeypuck.sqlite\""]
    {
        assert!(shown.contains(line), "{shown}");
    }
}

/// Neither has what is commented out in it, when the operator takes the sign of the comment away.
#[test]
fn the_samples_comments_are_settings() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("all.conf");
    let lines = text(SAMPLE).lines().map(|line| format!("{}\n", uncommented(line))).collect::<String>();
    fs::write(&path, &lines).unwrap();
    let checked = check(path);
    let shown = checked.shown();
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{lines}{shown}");
    for line in ["hostname = \"keys.example.org\"", "partner.example.httpAddr", "openpgp.db.dsn = \"postgres://"] {
        assert!(shown.contains(line), "{shown}");
    }
}

fn uncommented(line: &str) -> &str {
    let bare = line.strip_prefix("# ").unwrap_or(line);
    if bare.starts_with('[') || bare.contains(" = ") { bare } else { line }
}

fn check(path: PathBuf) -> Finished {
    run(command().arg("check-config").arg("--config").arg(path))
}

/// The unit, for a machine on which the program is where it was built.
fn beside_binary(directory: &TempDir) -> PathBuf {
    let path = directory.path().join("hockeypuck.service");
    let program = binary().display().to_string();
    fs::write(&path, text(UNIT).replace("/usr/bin/hockeypuck", &program)).unwrap();
    path
}
