//! `check-config`: the effective configuration, and every problem.

use super::program::Place;
use crate::support::tools;

/// Without any configuration: all settings with their defaults.
#[test]
fn defaults() {
    insta::assert_snapshot!(Place::new().run(&["check-config"]).shown());
}

/// A file in the manner of Hockeypuck's, with a variable, a flag, a secret and several problems.
#[test]
fn everything_at_once() {
    let place = Place::new();
    place.write(
        "hockeypuck.conf",
        r#"[hockeypuck]
loglevel = "INFO"
contact = "0123456789ABCDEF0123456789ABCDEF01234567"
hostname = "keys.example.org"
hostnam = "keys.example.org"

[hockeypuck.hkp]
bind = ":11371"
logRequestDetails = false

[hockeypuck.openpgp]
maxPacketLength = 8192
maxKeyLength = "large"
nworkers = 8

[hockeypuck.openpgp.db]
driver = "postgres-jsonb"
dsn = "database=hkp host=postgres user=hkp password=hunter2 port=5432 sslmode=disable"

[hockeypuck.conflux.recon]
allowCIDRs = ["127.0.0.1/8"]
"#,
    );
    let mut command = place.command(&["check-config", "--config", "hockeypuck.conf", "--bind", "127.0.0.1:0"]);
    command.env("HOCKEYPUCK_METRICS_BIND", "none");
    let outcome = tools::run(&mut command);
    insta::assert_snapshot!(outcome.shown());
    assert!(!outcome.shown().contains("hunter2"));
}

/// A template is rendered with the environment of the program; what is missing is told and ends with an error, and
/// nobody sees a secret.
#[test]
fn templates_are_rendered() {
    let place = Place::new();
    let text = "[hockeypuck]\nhostname = \"{{ .FQDN }}\"\ncontact = \"{{ .NOPE }}\"\nnodename = \"{{ .APP_SECRET_KEY }}\"\n\
                openpgp.db.dsn = \"host=db user=u password={{ .DB_PASSWORD }} dbname=k\"\n";
    place.write("hockeypuck.conf", text);
    let mut command = place.command(&["check-config", "--config", "hockeypuck.conf"]);
    command.env("FQDN", "keys.example.org").env("APP_SECRET_KEY", "hunter2").env("DB_PASSWORD", "hunter2");
    let told = tools::run(&mut command).shown();
    for expected in [
        "hostname = \"keys.example.org\"",
        "nodename = \"***\"",
        "password=***",
        "warning: hockeypuck.conf:3: the variable NOPE is not set, and is taken for empty",
        "exit 1",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
}

/// What is printed is a configuration file that means the same.
#[test]
fn the_output_is_a_configuration() {
    let place = Place::new();
    let shown = place.run(&["check-config", "--bind", "127.0.0.1:7", "--log-format", "json"]).expect_success();
    place.write("printed.conf", &shown);
    let values = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split(" # ").next().unwrap().trim().to_owned()).collect()
    };
    let again = place.run(&["check-config", "--config", "printed.conf"]).expect_success();
    assert_eq!(values(&again), values(&shown));
    assert!(shown.contains("hkp.bind = \"127.0.0.1:7\""), "{shown}");
}
