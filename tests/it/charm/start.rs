//! From the migration to a service that answers.

use std::process::Stdio;

use super::administrator::Administrator;
use super::database::Database;
use super::pod::Pod;
use crate::support::backend::runtime;
use crate::support::certs;
use crate::support::hockeypuck::{Release, Source};
use crate::support::request::get;
use crate::support::tools::run;

/// Several units may begin the same migration at the same moment, and all succeed.
#[test]
fn three_units_migrate_at_once() {
    let database = Database::new();
    let pods: Vec<_> = (0..3).map(|_| database.route("127.0.0.1")).map(|route| (Pod::new(&route), route)).collect();
    let started: Vec<_> = pods
        .iter()
        .map(|(pod, _)| pod.migration().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    for process in started {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let again = run(&mut pods[0].0.migration());
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""));
}

/// What Hockeypuck's image left in the database is served from the first moment on, what the charm had blocked is not,
/// and the tables stay as they are, for going back.
#[test]
fn a_deployment_of_hockeypuck_is_taken_over() {
    let [kept, blocked] = ["<kept@example.org>", "<blocked@example.org>"].map(certs::small);
    let database = Database::new();
    let in_database = runtime();
    let source = in_database.block_on(async {
        let source = Source::create(&database.url, Release::V23).await;
        source.put(&[kept.packets(), blocked.packets()]).await;
        let fingerprint = blocked.fingerprint().to_lowercase();
        source.run("CREATE TABLE deleted_keys (fingerprint TEXT PRIMARY KEY NOT NULL, comment TEXT NOT NULL)").await;
        source.run(&format!("INSERT INTO deleted_keys VALUES ('{fingerprint}', 'asked for')")).await;
        source
    });
    let before = in_database.block_on(source.checksum());
    let route = database.route("127.0.0.1");
    let mut pod = Pod::new(&route);
    run(&mut pod.migration()).expect_success();
    pod.start();
    for (owned, expected) in [(&kept, 200), (&blocked, 404)] {
        let target = format!("/pks/lookup?op=get&search=0x{}", owned.fingerprint());
        assert_eq!(get(pod.hkp(), &target).unwrap().status, expected);
    }
    pod.stop();
    assert_eq!(in_database.block_on(source.checksum()), before);
}

/// Without a database the migration fails, so that the charm waits; it does not make one of its own.
#[test]
fn a_migration_needs_the_database() {
    let database = Database::new();
    let route = database.route("127.0.0.1");
    let pod = Pod::new(&route);
    drop(route);
    let failed = run(&mut pod.migration());
    assert_eq!(failed.code, Some(3), "{failed:?}");
    assert!(failed.stderr.contains("cannot be used"), "{failed:?}");
}

/// The service starts by its own command with the charm's variables alone, and is what the charm says it is.
#[test]
fn the_service_serves() {
    let database = Database::new();
    let route = database.route("127.0.0.1");
    let mut pod = Pod::new(&route);
    run(&mut pod.migration()).expect_success();
    let charm = Administrator::new();
    pod.set("APP_ADMIN_KEYS", &charm.fingerprint);
    pod.set("APP_CONTACT_FINGERPRINT", &charm.fingerprint);
    pod.start();
    let home = get(pod.hkp(), "/").unwrap();
    assert_eq!(home.status, 200);
    assert!(home.text().contains("<title>OpenPGP Keyserver</title>"), "{}", home.text());
    let stats = get(pod.hkp(), "/pks/lookup?op=stats").unwrap();
    assert_eq!(stats.status, 200);
    let stats = get(pod.hkp(), "/pks/stats?options=json").unwrap().text();
    for words in ["hockeypuck-k8s.model", &charm.fingerprint] {
        assert!(stats.contains(words), "{words}: {stats}");
    }
    let metrics = get(pod.metrics(), "/metrics").unwrap().text();
    assert!(metrics.contains("\nhockeypuck_keys_added "), "{metrics}");
    charm.upload_key(pod.hkp());
    charm.upload_key(pod.hkp());
}
