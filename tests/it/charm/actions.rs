//! The actions of the charm.

use std::process::Command;

use serde_json::json;

use super::administrator::Administrator;
use super::database::{Database, Route};
use super::pod::Pod;
use crate::support::certs;
use crate::support::request::{get, send, submit};
use crate::support::tools::run;

/// A service in use, and the charm that has uploaded its key.
fn deployed() -> (Pod, Administrator, Route) {
    let route = Database::new().route("127.0.0.1");
    let mut pod = Pod::new(&route);
    let charm = Administrator::new();
    pod.set("APP_ADMIN_KEYS", &charm.fingerprint);
    run(&mut pod.migration()).expect_success();
    pod.start();
    charm.upload_key(pod.hkp());
    (pod, charm, route)
}

/// `lookup-key` takes a fingerprint, an address, and, which strangers may not, any word of a user ID.
#[test]
fn lookup_key_takes_keywords() {
    let (pod, charm, _route) = deployed();
    for keyword in [&format!("0x{}", charm.fingerprint), "admin@user.com", "Admin User", "admin"] {
        let (status, text) = charm.lookup_key(pod.hkp(), keyword);
        assert_eq!(status, 200, "{keyword}: {text}");
        assert!(text.contains("-----BEGIN PGP PUBLIC KEY BLOCK-----"), "{text}");
    }
    for keyword in ["nobody", "nobody@example.org", "0x0123456789ABCDEF0123456789ABCDEF01234567"] {
        assert_eq!(charm.lookup_key(pod.hkp(), keyword).0, 404, "{keyword}");
    }
}

/// Who comes through the ingress, by another name or from another address finds nothing by words.
#[test]
fn strangers_find_no_keywords() {
    let (pod, _charm, _route) = deployed();
    let target = "/pks/lookup?op=get&search=admin";
    assert_eq!(get(pod.hkp(), target).unwrap().status, 200);
    for header in ["X-Forwarded-For: 192.0.2.1\r\n", "X-Forwarded-Proto: https\r\n", "Via: 1.1 proxy\r\n"] {
        assert_eq!(send(pod.hkp(), "GET", target, header, b"").unwrap().status, 404, "{header}");
    }
    let url = format!("http://{}{target}", pod.hkp());
    let curl = |arguments: &[&str]| {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]).args(arguments);
        run(curl.arg(&url)).expect_success()
    };
    assert_eq!(curl(&[]), "200");
    assert_eq!(curl(&["--interface", "127.0.0.2"]), "404");
    assert_eq!(curl(&["--header", "Host: keys.example.org"]), "404");
}

/// `block-keys` deletes what is stored, with the charm's own signature, and blocks it through the script that it runs
/// while the service is stopped. It says of each fingerprint what became of it; what was blocked stays away.
#[test]
fn block_keys_blocks() {
    let (mut pod, charm, _route) = deployed();
    let [blocked, kept] = ["<blocked@example.org>", "<kept@example.org>"].map(certs::small);
    for owned in [&blocked, &kept] {
        assert_eq!(submit(pod.hkp(), &owned.packets()).unwrap().status, 200);
    }
    let stored = blocked.fingerprint().to_lowercase();
    let unknown = "0123456789abcdef0123456789abcdef01234567";
    let listed = format!("{},{unknown},nonsense", blocked.fingerprint());
    let done = charm.act("block-keys", pod.hkp(), &[&charm.fingerprint, &listed]);
    let results = json!({
        &stored: "Deleted and blocked successfully.",
        unknown: "Fingerprint unavailable in the database.",
        "nonsense": "Invalid fingerprint format.",
    });
    assert_eq!(done, json!({ "results": results, "blocked": [stored] }));
    pod.stop();
    let script = "/hockeypuck/bin/block_keys.py";
    pod.exec(script, &["--fingerprints", &stored, "--comment", "asked for by its owner"]).expect_success();
    pod.start();
    charm.upload_key(pod.hkp());
    let found =
        |fingerprint: &str| get(pod.hkp(), &format!("/pks/lookup?op=get&search=0x{fingerprint}")).unwrap().status;
    assert_eq!((found(&stored), found(&kept.fingerprint())), (404, 200));
    let again = submit(pod.hkp(), &blocked.packets()).unwrap().text();
    assert!(!again.contains("inserted"), "{again}");
    assert_eq!(found(&stored), 404, "it came back");
}

/// With nothing to block, the script is called nevertheless, with an empty list.
#[test]
fn block_keys_may_have_nothing_to_do() {
    let (mut pod, charm, _route) = deployed();
    let done = charm.act("block-keys", pod.hkp(), &[&charm.fingerprint, "nonsense"]);
    assert_eq!(done["blocked"], json!([]));
    pod.stop();
    pod.exec("/hockeypuck/bin/block_keys.py", &["--fingerprints", "", "--comment", "nothing"]).expect_success();
    pod.start();
    charm.upload_key(pod.hkp());
}

/// `rebuild-prefix-tree` stops the service, runs the old program with its old flags, which says nothing on standard
/// error and succeeds, and starts the service.
#[test]
fn rebuild_prefix_tree_succeeds() {
    let (mut pod, charm, _route) = deployed();
    submit(pod.hkp(), &certs::small("<tree@example.org>").packets()).unwrap();
    pod.stop();
    let configuration = pod.path("/hockeypuck/etc/hockeypuck.conf");
    let rebuilt = pod.exec("/hockeypuck/bin/hockeypuck-pbuild", &["-config", &configuration]);
    assert_eq!((rebuilt.code, rebuilt.stderr.as_str()), (Some(0), ""), "{rebuilt:?}");
    assert!(rebuilt.stdout.contains("2 digests"), "{rebuilt:?}");
    pod.start();
    charm.upload_key(pod.hkp());
}
