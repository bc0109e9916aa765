//! `lookup`: what is stored, for people and programs on the machine itself.

use std::process::Command;

use serde_json::Value;

use super::keyrings::{NONUPLOAD, pieces};
use super::program::Place;
use crate::support::tools;

const FINGERPRINT: &str = "2c429f5dd6b7f023bd300993453f8d999f113609";

fn loaded() -> Place {
    let place = Place::new();
    place.run(&["load", NONUPLOAD]).expect_success();
    place
}

/// The armored certificate is one that GnuPG reads.
#[test]
fn gnupg_reads_what_is_found() {
    let place = loaded();
    let armored = place.run(&["lookup", FINGERPRINT]).expect_success();
    let mut gpg = Command::new("gpg");
    gpg.args(["--homedir", place.path().to_str().unwrap(), "--batch", "--with-colons", "--show-keys"]);
    let shown = tools::run_with_input(&mut gpg, armored.as_bytes()).expect_success();
    assert!(shown.contains(&format!("fpr:::::::::{}:", FINGERPRINT.to_uppercase())), "{shown}");
}

/// A certificate is found by all its names, and single words are enough here.
#[test]
fn certificates_have_many_names() {
    let place = loaded();
    let inspected = place.run(&["inspect", NONUPLOAD]).expect_success();
    let line = inspected.lines().find(|line| line.contains(FINGERPRINT)).unwrap();
    let digest = line.rsplit('=').next().unwrap();
    let key_id = &FINGERPRINT[24..];
    for name in [FINGERPRINT, &format!("0x{key_id}"), key_id, digest, "emorrp1@debian.org", "Phil Morrell", "morrell"] {
        let listed = place.run(&["lookup", "--op", "index", name]).expect_success();
        assert!(listed.contains(FINGERPRINT), "{name}: {listed}");
    }
}

/// The list, and both forms of JSON.
#[test]
fn lists_and_json() {
    let place = loaded();
    insta::assert_snapshot!(place.run(&["lookup", "--op=index", FINGERPRINT]).shown(), @r"
    pub 2c429f5dd6b7f023bd300993453f8d999f113609 rsa4096 2015-10-11 expires 2025-06-30
    uid   Phil Morrell <emorrp1@debian.org>
    uid   Phil Morrell <debian@emorrp1.name>
    uid   Phil Morrell <public@emorrp1.name>
    --- stderr
    --- exit 0
    ");
    let index: Value =
        serde_json::from_str(&place.run(&["lookup", "--op=index", "--json", FINGERPRINT]).expect_success()).unwrap();
    assert_eq!(index[0]["fingerprint"], FINGERPRINT);
    let got: Value = serde_json::from_str(&place.run(&["lookup", "--json", FINGERPRINT]).expect_success()).unwrap();
    assert_eq!((&got["fingerprint"], &got["version"]), (&Value::from(FINGERPRINT), &Value::from(4)));
    let packets = &pieces(got["armored"].as_str().unwrap().as_bytes())[0].octets;
    assert_eq!(packets[..3], [0xc6, 0xc1, 0x4d], "a public key packet of 525 octets");
}

/// Certificates of version 6, which old clients are not given over HTTP, are shown and listed like all others.
#[test]
fn version_6_is_included() {
    let place = Place::new();
    place.run(&["load", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors/v6type35.pgp")]).expect_success();
    let listed = place.run(&["lookup", "--op", "index", "pqc-test-key@example.com"]).expect_success();
    let fingerprint = listed.split(' ').nth(1).unwrap();
    assert_eq!(fingerprint.len(), 64, "{listed}");
    let got: Value = serde_json::from_str(&place.run(&["lookup", "--json", fingerprint]).expect_success()).unwrap();
    assert_eq!((&got["fingerprint"], &got["version"]), (&Value::from(fingerprint), &Value::from(6)));
}

/// Nothing found is an answer of its own, and no failure of the database is taken for it.
#[test]
fn nothing_found() {
    let place = loaded();
    insta::assert_snapshot!(place.run(&["lookup", "nobody@example.org"]).shown(), @r#"
    --- stderr
    hockeypuck: no certificate in sqlite://hockeypuck-data/hockeypuck.sqlite matches "nobody@example.org"
    --- exit 1
    "#);
    let elsewhere = place.run(&["lookup", "--data-dir", "elsewhere", FINGERPRINT]);
    assert_eq!(elsewhere.code, Some(3), "{}", elsewhere.shown());
    assert!(!place.path().join("elsewhere").exists());
}
