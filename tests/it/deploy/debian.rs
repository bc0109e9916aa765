//! The Debian package.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::server::binary;
use crate::support::staging::{Staged, layout, repository, stand_in, text};
use crate::support::tools::run;

const LAYOUT: &str = "deploy/debian/layout";

/// The package builds, and holds what the layout names where Debian wants it.
#[test]
fn the_package_is_whole() {
    let place = tempfile::tempdir().unwrap();
    let mut build = Command::new(repository("deploy/debian/build.sh"));
    let built = run(build.arg(stand_in(place.path())).arg(place.path())).expect_success();
    let package = Path::new(built.trim());
    let field = |name| run(Command::new("dpkg-deb").arg("--field").arg(package).arg(name)).expect_success();
    assert_eq!(field("Package").trim(), "hockeypuck");
    assert_eq!(field("Version").trim(), env!("CARGO_PKG_VERSION"));
    assert!(!field("Architecture").contains('@') && !field("Installed-Size").contains('@'));
    let root = place.path().join("root");
    run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(&root)).expect_success();
    for line in layout(LAYOUT) {
        let path = root.join(line.path.trim_start_matches('/'));
        assert!(path.exists(), "{}", line.path);
        assert!(line.kind == "pages" || !path.is_dir(), "{}", line.path);
    }
    assert!(root.join("usr/share/man/man1/hockeypuck-serve.1.gz").exists());
}

/// What an operator may have changed is kept at an upgrade.
#[test]
fn configuration_files_are_declared() {
    let lines = layout(LAYOUT);
    let in_etc: Vec<&str> = lines.iter().map(|l| l.path.as_str()).filter(|path| path.starts_with("/etc/")).collect();
    let declared = text("deploy/debian/conffiles");
    assert_eq!(declared.lines().collect::<Vec<_>>(), in_etc);
}

/// The scripts that dpkg runs can be read by its shell.
#[test]
fn the_maintainer_scripts_parse() {
    for name in ["postinst", "prerm", "postrm"] {
        let path = format!("deploy/debian/{name}");
        assert!(text(&path).starts_with("#!/bin/sh\nset -e\n"), "{path}");
        run(Command::new("sh").arg("-n").arg(repository(&path))).expect_success();
    }
}

/// The staged program is the one that was built, to the last octet.
#[test]
fn the_program_is_copied() {
    let tree = Staged::of("deploy/rock/layout");
    let copied = tree.path("/hockeypuck/bin/hockeypuck");
    assert_eq!(fs::metadata(&copied).unwrap().len(), fs::metadata(binary()).unwrap().len());
    run(Command::new("cmp").arg(&copied).arg(binary())).expect_success();
}
