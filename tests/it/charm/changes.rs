//! What the charm changes while the service is in use, each time by a restart with other variables.

use super::administrator::Administrator;
use super::database::Database;
use super::pod::Pod;
use crate::support::ports::free_port;
use crate::support::request::get;
use crate::support::tools::run;

/// A rotated secret, other peers and a database that moved to another host are each a restart, and nothing is lost.
#[test]
fn variables_change() {
    let database = Database::new();
    let first = database.route("127.0.0.1");
    let mut pod = Pod::new(&first);
    let charm = Administrator::new();
    pod.set("APP_ADMIN_KEYS", &charm.fingerprint);
    run(&mut pod.migration()).expect_success();
    pod.start();
    charm.upload_key(pod.hkp());

    pod.set("APP_SECRET_KEY", &"e5F6g7H8".repeat(8));
    pod.replan();
    assert_eq!(charm.lookup_key(pod.hkp(), "admin").0, 200, "after the secret was rotated");

    let [one, two] = [(); 2].map(|()| free_port());
    pod.set("APP_EXTERNAL_PEERS", &format!("127.0.0.1,11371,{one}\n127.0.0.1,11371,{two}"));
    pod.replan();
    let stats = get(pod.hkp(), "/pks/stats?options=json").unwrap().text();
    assert!(stats.contains(&format!("127.0.0.1:{one}")) && stats.contains(&format!("127.0.0.1:{two}")), "{stats}");
    assert_eq!(charm.lookup_key(pod.hkp(), "admin").0, 200, "with peers");

    let second = database.route("localhost");
    pod.relate(&second);
    pod.stop();
    drop(first);
    run(&mut pod.migration()).expect_success();
    pod.start();
    assert_eq!(charm.lookup_key(pod.hkp(), "admin").0, 200, "after the database moved");
}
