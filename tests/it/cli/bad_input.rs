//! Every mistake on the command line is answered with a sentence and the right exit code.

use super::program::Place;

/// One mistake for each command, and some for all.
#[test]
fn mistakes_are_answered() {
    let place = Place::new();
    place.write("bad.conf", "[hockeypuck]\nloglevel = \"loud\"\nhkp.bind = \"x\"\n");
    place.write("in.pgp", "");
    std::fs::create_dir(place.path().join("empty")).unwrap();
    let mut told = String::new();
    for arguments in [
        &["frobnicate"][..],
        &["--frobnicate"],
        &["serve", "--bind", "nowhere"],
        &["serve", "--bind", "192.0.2.1:1"],
        &["serve", "--config", "missing.conf"],
        &["serve", "--config", "bad.conf"],
        &["serve", "--log-level", "loud"],
        &["serve", "--database-url", "mysql://a"],
        &["migrate", "--database-url", "sqlite:///proc/nowhere/a.sqlite"],
        &["check-config", "surplus"],
        &["inspect"],
        &["inspect", "missing.pgp"],
        &["inspect", "missing-*.pgp"],
        &["load"],
        &["load", "empty"],
        &["load", "--rejects", "in.pgp", "in.pgp"],
        &["load", "--rejects", "missing/rejects.pgp", "in.pgp"],
        &["lookup"],
        &["lookup", ""],
        &["lookup", "0x00112233"],
        &["lookup", "--op", "vindex", "a"],
        &["block-keys", "--comment", "a"],
        &["block-keys", "--comment", "a", "0123"],
        &["unblock-keys"],
        &["list-blocked", "a"],
        &["adopt", "surplus"],
        &["adopt", "--database-url", "postgres://127.0.0.1:1/a"],
        &["ptree", "prune"],
        &["ptree", "check", "--data-dir", "empty"],
        &["peers", "surplus"],
        &["peers", "--data-dir", "empty"],
        &["man", "--dir", "missing/man"],
        &["completions", "abacus"],
    ] {
        let outcome = place.run(arguments);
        assert_eq!(outcome.stdout, "", "{arguments:?}");
        told += &format!("$ hockeypuck {}\n{}exit {}\n\n", arguments.join(" "), outcome.stderr, outcome.code.unwrap());
    }
    insta::assert_snapshot!(told);
}
