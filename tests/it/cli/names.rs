//! The names and flags of Hockeypuck's programs.

use std::os::unix::fs::symlink;
use std::process::Command;

use super::keyrings::NONUPLOAD;
use super::program::Place;
use crate::support::tools::{self, Finished};

fn run_as(place: &Place, name: &str, arguments: &[&str]) -> Finished {
    let program = place.path().join(name);
    symlink(env!("CARGO_BIN_EXE_hockeypuck"), &program).unwrap();
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir(place.path());
    tools::run(&mut command)
}

/// Flags with one dash, as Go's programs take them, with their value behind them or behind `=`.
#[test]
fn flags_have_one_dash() {
    let place = Place::new();
    place.write("a.conf", "[hockeypuck]\nhostname = \"keys.example.org\"\ndataDir = \"a\"\n");
    for arguments in [&["check-config", "-config", "a.conf"][..], &["check-config", "-config=a.conf", "-log", "debug"]]
    {
        let shown = place.run(arguments).expect_success();
        assert!(shown.contains("keys.example.org"), "{shown}");
    }
    assert_eq!(place.run(&["-version"]).code, Some(0));
    assert_eq!(place.run(&["-h"]).code, Some(0));
}

/// What stands behind `--` is no flag.
#[test]
fn two_dashes_end_the_flags() {
    let place = Place::new();
    let told = place.run(&["lookup", "--", "-config"]);
    assert_eq!(told.code, Some(3), "{}", told.shown());
}

/// The names under which scripts call the loader and the migration.
#[test]
fn programs_have_other_names() {
    let place = Place::new();
    run_as(&place, "migrate", &[]).expect_success();
    assert!(place.path().join("hockeypuck-data/hockeypuck.sqlite").exists());
    let loaded = run_as(&place, "hockeypuck-load", &[NONUPLOAD]).expect_success();
    assert!(loaded.starts_with("36 read"), "{loaded}");
}

/// The programs that rebuild and reload derive the trees again, which is all that is left of what they did.
#[test]
fn trees_are_rebuilt_under_old_names() {
    let place = Place::new();
    place.run(&["load", NONUPLOAD]).expect_success();
    place.write("a.conf", "[hockeypuck]\ndataDir = \"hockeypuck-data\"\n");
    for name in ["hockeypuck-pbuild", "hockeypuck-reload"] {
        let rebuilt = run_as(&place, name, &["-config", "a.conf"]);
        assert_eq!((rebuilt.code, rebuilt.stderr.as_str()), (Some(0), ""), "{rebuilt:?}");
        assert!(rebuilt.stdout.contains("36 digests"), "{rebuilt:?}");
    }
}

/// The start script of the image serves with the configuration beside the directory in which it is called.
#[test]
fn the_start_script_has_its_configuration() {
    let place = Place::new();
    for directory in ["bin", "etc"] {
        std::fs::create_dir(place.path().join(directory)).unwrap();
    }
    place.write("etc/hockeypuck.conf", "[hockeypuck]\nloglevel = \"loud\"\n");
    run_as(&place, "bin/hockeypuck_wrapper.sh", &[]).expect_failure();
    let absolute = place.path().join("bin/hockeypuck_wrapper.sh").display().to_string();
    for (script, shown) in [
        (absolute, place.path().join("etc/hockeypuck.conf").display().to_string()),
        ("bin/hockeypuck_wrapper.sh".into(), "etc/hockeypuck.conf".into()),
        ("cd bin && ./hockeypuck_wrapper.sh".into(), "./../etc/hockeypuck.conf".into()),
        ("PATH=bin hockeypuck_wrapper.sh".into(), "/hockeypuck/etc/hockeypuck.conf".into()),
    ] {
        let told = tools::run(Command::new("sh").args(["-c", &script]).env_clear().current_dir(place.path()));
        assert!(told.stderr.starts_with(&format!("hockeypuck: {shown}")), "{script}: {told:?}");
    }
}
