//! What an operator is told about mistakes: the place, the key, what stands there and what may.

use hockeypuck::config::{Config, Sources};

use super::Settings;

/// Every kind of wrong value is one sentence with all that is needed to mend it; all are told at once.
#[test]
fn wrong_values() {
    let settings = Settings::file(
        r#"[hockeypuck]
hostname = 7
loglevel = "loud"
maxResponseLen = "many"
[hockeypuck.hkp]
bind = "localhost"
queries.enableInexact = "maybe"
limits.maxRequests = 0
[hockeypuck.metrics]
metricsPath = "metrics"
[hockeypuck.openpgp]
headers.comment = "two\nlines"
[hockeypuck.openpgp.db]
driver = "mysql"
requestQueryLimit = 99999999999999999999
[hockeypuck.log]
filter = "hockeypuck=loud"
"#,
    );
    insta::assert_snapshot!(settings.problems(), @r#"
    error: hockeypuck.conf:2: hostname = 7: expected a text in quotes
    error: hockeypuck.conf:3: loglevel = "loud": expected one of panic, fatal, error, warn, warning, info, debug, trace
    error: hockeypuck.conf:4: maxResponseLen = "many": expected a whole number
    error: hockeypuck.conf:6: hkp.bind = "localhost": expected an address and port such as "127.0.0.1:11371", or ":11371" for all interfaces
    error: hockeypuck.conf:7: hkp.queries.enableInexact = "maybe": expected true or false
    error: hockeypuck.conf:8: hkp.limits.maxRequests = 0: expected a whole number from 1 to 2147483647
    error: hockeypuck.conf:10: metrics.metricsPath = "metrics": expected a path that begins with "/"
    error: hockeypuck.conf:12: openpgp.headers.comment = "two\nlines": expected a text of one line
    error: hockeypuck.conf:14: openpgp.db.driver = "mysql": expected "postgres-jsonb" or "sqlite"
    error: hockeypuck.conf:15: openpgp.db.requestQueryLimit = "99999999999999999999": expected a whole number
    error: hockeypuck.conf:17: log.filter = "hockeypuck=loud": expected directives such as "info,hockeypuck=debug" (error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5)
    "#);
}

/// A wrong flag or variable is told by its own name.
#[test]
fn wrong_flags_and_variables() {
    let settings = Settings::none().flag("bind", "nowhere").variable("HOCKEYPUCK_METRICS_BIND", "[::1:9");
    insta::assert_snapshot!(settings.problems(), @r#"
    error: --bind: hkp.bind = "nowhere": expected an address and port such as "127.0.0.1:11371", or ":11371" for all interfaces
    error: HOCKEYPUCK_METRICS_BIND: metrics.metricsAddr = "[::1:9": expected an address and port such as "127.0.0.1:9626", ":9626" for all interfaces, or "none"
    "#);
}

/// A typing mistake in a key is found. Parts of Hockeypuck that are not here yet, and settings
/// that are not needed, are told from it.
#[test]
fn keys_without_effect() {
    let settings = Settings::file(
        r#"adminKeys = []
[hockeypuck]
hostnam = "keys.example.org"
indexTemplate = "/srv/index.html"
webroot = "/var/www"
[hockeypuck.hkp]
logRequestDetails = true
queries.selfSignedOnly = true
[hockeypuck.openpgp]
nworkers = 8
db.reindexOnStartup = true
[hockeypuck.conflux.recon]
allowCIDRs = ["127.0.0.1/8"]
leveldb.path = "/hockeypuck/data/ptree"
[hockeypuck.conflux.recon.partner.a]
httpAddr = "a:11371"
reconAdr = "a:11370"
"#,
    );
    insta::assert_snapshot!(settings.problems(), @r"
    warning: hockeypuck.conf:1: adminKeys is unknown: all settings stand below [hockeypuck]
    warning: hockeypuck.conf:3: hostnam is unknown and has no effect
    warning: hockeypuck.conf:4: indexTemplate has no effect: the pages are part of the program, and cannot be replaced
    warning: hockeypuck.conf:5: webroot has no effect: the pages are part of the program, and cannot be replaced
    warning: hockeypuck.conf:7: hkp.logRequestDetails = true is not supported yet by this version
    warning: hockeypuck.conf:8: hkp.queries.selfSignedOnly = true is not supported yet by this version
    note: hockeypuck.conf:10: openpgp.nworkers is not needed and has no effect
    note: hockeypuck.conf:11: openpgp.db.reindexOnStartup is not needed and has no effect
    note: hockeypuck.conf:14: conflux.recon.leveldb.path is not needed and has no effect
    warning: hockeypuck.conf:17: conflux.recon.partner.a.reconAdr is unknown and has no effect
    ");
}

/// Only wrong values keep a server from starting.
#[test]
fn only_errors_are_fatal() {
    assert!(Settings::file("[hockeypuck]\nhostnam = 7\n").load().usable().is_ok());
    assert!(Settings::file("[hockeypuck]\nhostname = 7\n").load().usable().is_err());
}

/// Values that are wanted to be what they are anyway are no problem.
#[test]
fn what_is_so_anyway() {
    Settings::file("[hockeypuck.hkp]\nlogRequestDetails = false\nqueries.selfSignedOnly = false\n").good();
}

/// A key that stands twice, in different cases, has one meaning, and the operator hears which.
#[test]
fn keys_that_stand_twice() {
    let settings = Settings::file("[hockeypuck]\nhostname = \"a\"\nHOSTNAME = \"b\"\n");
    insta::assert_snapshot!(settings.problems(), @"warning: hockeypuck.conf:3: HOSTNAME stands in line 2 already, which counts");
}

/// Broken TOML and templates are told with their line.
#[test]
fn files_that_cannot_be_understood() {
    insta::assert_snapshot!(Settings::file("[hockeypuck]\nhostname = keys\n").problems(), @"error: hockeypuck.conf:2: string values must be quoted, expected literal string");
    insta::assert_snapshot!(Settings::file("[hockeypuck]\n# {{ .A }}\nhostname = \"{{ .FQDN }}\"\n").problems(), @"warning: hockeypuck.conf:3: the variable FQDN is not set, and is taken for empty");
    insta::assert_snapshot!(Settings::file("[hockeypuck]\nhostname = \"{{ FQDN }}\"\n").problems(), @"error: hockeypuck.conf:2:16: the function FQDN is not known here");
}

/// A file that is not there or too large is told, and not taken for an empty one.
#[test]
fn files_that_cannot_be_read() {
    let sources = Sources { file: Some("/nowhere/hockeypuck.conf".into()), ..Sources::default() };
    let problems = Config::load(&sources).report.problems;
    insta::assert_snapshot!(problems[0].to_string(), @"error: /nowhere/hockeypuck.conf cannot be read: No such file or directory (os error 2)");
    let large = Settings::file(&"#".repeat((1 << 20) + 1));
    insta::assert_snapshot!(large.problems(), @"error: hockeypuck.conf is larger than 1048576 octets");
    assert!(Config::load(&Sources { file: Some("/".into()), ..Sources::default() }).usable().is_err());
}
