//! The rock cannot be built where the tests run; its tree can, and `rockcraft.yaml` must agree with it.

use std::process::Command;

use super::yaml::{document, keys, texts};
use crate::support::staging::{Line, Staged, layout};
use crate::support::tools::run;

const LAYOUT: &str = "deploy/rock/layout";
/// Of the user `_daemon_` in every rock.
const DAEMON: i64 = 584_792;

/// The charm keeps the service's name and command from the rock, and expects base, user and platforms.
#[test]
fn the_rock_is_what_the_charm_expects() {
    let rock = document("rockcraft.yaml");
    let texts_of = ["name", "base", "version", "run-user"].map(|key| rock[key].as_str().unwrap());
    assert_eq!(texts_of, ["hockeypuck", "ubuntu@24.04", env!("CARGO_PKG_VERSION"), "_daemon_"]);
    assert_eq!(keys(&rock["platforms"]), ["amd64", "arm64"]);
    assert_eq!(keys(&rock["services"]), ["go"]);
    let service = &rock["services"]["go"];
    assert_eq!(keys(service), ["override", "startup", "working-dir", "command"]);
    for (key, value) in [
        ("override", "replace"),
        ("startup", "enabled"),
        ("working-dir", "/hockeypuck"),
        ("command", "/hockeypuck/bin/hockeypuck_wrapper.sh"),
    ] {
        assert_eq!(service[key].as_str(), Some(value), "{key}");
    }
}

/// The build makes the tree that the tests use, of the same list, and nothing else remains.
#[test]
fn the_rock_is_built_from_the_layout() {
    let rock = document("rockcraft.yaml");
    let part = &rock["parts"]["hockeypuck"];
    assert_eq!((part["plugin"].as_str(), part["source"].as_str()), (Some("rust"), Some(".")));
    let built = "\"$CRAFT_PART_INSTALL/bin/hockeypuck\"";
    let commands: Vec<&str> = part["override-build"].as_str().unwrap().lines().collect();
    let stage = format!("deploy/stage.sh {LAYOUT} \"$CRAFT_PART_INSTALL\" {built}");
    assert_eq!(commands, ["craftctl default", &stage, "rm -r \"$CRAFT_PART_INSTALL/bin\""]);
    for permission in part["permissions"].as_vec().unwrap() {
        let path = format!("/{}", permission["path"].as_str().unwrap());
        let line = layout(LAYOUT).into_iter().find(|line| line.path == path).unwrap();
        assert_eq!(Some(line.mode.as_str()), permission["mode"].as_str());
        assert_eq!((permission["owner"].as_i64(), permission["group"].as_i64()), (Some(DAEMON), Some(DAEMON)));
        assert_eq!(path, "/hockeypuck/data", "only data is written to");
    }
}

/// Pages and connections over TLS to keyservers need the certificate authorities.
#[test]
fn the_rock_has_certificate_authorities() {
    let rock = document("rockcraft.yaml");
    assert_eq!(texts(&rock["parts"]["certificates"]["stage-packages"]), ["ca-certificates_data"]);
}

/// What the charm relies on holds, whatever its options are; all else comes from its variables.
#[test]
fn the_configuration_settles_what_the_charm_relies_on() {
    let tree = Staged::light(LAYOUT);
    let mut check = Command::new(tree.path("/hockeypuck/bin/hockeypuck"));
    check.arg("check-config").arg("--config").arg(tree.path("/hockeypuck/etc/hockeypuck.conf")).env_clear();
    check.envs([
        ("APP_PORT", "8080"),
        ("APP_METRICS_PORT", "8081"),
        ("APP_METRICS_PATH", "/metrics"),
        ("APP_SECRET_KEY", "a1B2c3D4"),
        ("APP_BASE_URL", "http://hockeypuck-k8s.model:11371"),
        ("APP_EXTERNAL_PEERS", "192.0.2.1,11371,11370"),
        ("POSTGRESQL_DB_CONNECT_STRING", "postgresql://user:hunter2@db:5432/name"),
    ]);
    let checked = run(&mut check);
    let shown = checked.shown();
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{shown}");
    for line in [
        "hostname = \"hockeypuck-k8s.model\"",
        "hkp.bind = \":11371\"",
        "hkp.queries.enableInexact = false",
        "hkp.queries.inexactFrom = [\"127.0.0.1/32\"]",
        "metrics.metricsAddr = \":9626\"",
        "openpgp.maxPacketLength = 8192",
        "openpgp.maxKeyLength = 1048576",
        "openpgp.db.dsn = \"postgresql://user:***@db:5432/name\"",
        "conflux.recon.reconAddr = \":11370\"",
        "conflux.recon.partner.peer0.reconAddr = \"192.0.2.1:11370\"",
    ] {
        assert!(shown.lines().any(|shown| shown.starts_with(line)), "{line} is not in\n{shown}");
    }
}

/// The service, its working directory, and every path that the charm or its framework names is there.
#[test]
fn the_charms_paths_are_in_the_rock() {
    let lines = layout(LAYOUT);
    for path in [
        "/hockeypuck/bin/block_keys.py",
        "/hockeypuck/bin/hockeypuck",
        "/hockeypuck/bin/hockeypuck-load",
        "/hockeypuck/bin/hockeypuck-pbuild",
        "/hockeypuck/bin/hockeypuck_wrapper.sh",
        "/hockeypuck/etc/hockeypuck.conf",
        "/hockeypuck/data",
        "/app/migrate",
    ] {
        assert!(lines.iter().any(|line| line.path == path), "{path}");
    }
    // The framework would prefer it to nothing, but `migrate` to it.
    assert!(!lines.iter().any(|line| line.path == "/app/migrate.sh"));
}

/// All names are one program, and it understands each: none is there only to be there.
#[test]
fn every_name_in_the_rock_is_answered() {
    let tree = Staged::light(LAYOUT);
    let lines = layout(LAYOUT);
    let names: Vec<&Line> = lines.iter().filter(|line| line.kind == "link").collect();
    assert!(names.len() >= 4, "{names:?}");
    for Line { path, .. } in names {
        let program = tree.path(path);
        assert_eq!(program.canonicalize().unwrap(), tree.path("/hockeypuck/bin/hockeypuck").canonicalize().unwrap());
        let said = run(Command::new(&program).arg("--help").env_clear()).expect_success();
        let usage = said.lines().find(|line| line.starts_with("Usage: ")).unwrap();
        // Without a command, the program would serve.
        let command = usage.split_whitespace().nth(2).unwrap();
        assert!(command.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{path}: {usage}");
    }
}
