//! SIGHUP: the configuration is read again, and what can change does.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant, SystemTime};

use hockeypuck::app::now;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::keyrings::certificates;
use super::program::Place;
use super::serving::{Serving, unasked};
use crate::support::administrator::{Administrator, armored_certificate};
use crate::support::certs::{Owned, small};
use crate::support::request::{get, send, submit};

const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A server whose file holds these settings, one a line.
fn start(place: &Place, settings: &str) -> Serving {
    write(place, settings);
    Serving::start(place, &["--config", "hockeypuck.conf"])
}

fn write(place: &Place, settings: &str) {
    place.write("hockeypuck.conf", format!("[hockeypuck]\ndataDir = \"data\"\n{settings}\n"));
}

/// Limits, and what the server says of itself, are others from the next request on.
#[test]
fn the_next_request_sees_other_settings() {
    let place = Place::new();
    let server = start(&place, "contact = \"before\"");
    let hkp = server.addresses()[0];
    let certificate = &certificates()[0];
    let stats = || get(hkp, "/pks/stats?options=json").unwrap().text();
    let found = || get(hkp, "/pks/lookup?op=get&search=0x2c429f5dd6b7f023bd300993453f8d999f113609").unwrap();
    place.run(&["load", super::keyrings::NONUPLOAD, "--config", "hockeypuck.conf"]).expect_success();
    assert_eq!(submit(hkp, certificate).unwrap().status, 200);
    assert!(stats().contains("\"contact\":\"before\""), "{}", stats());
    assert!(!found().text().contains("Comment: new"));

    write(
        &place,
        "contact = \"after\"\nhkp.limits.maxBodyLen = 10\nopenpgp.headers.comment = \"new\"\nhkp.queries.keywordSearchDisabled = true",
    );
    let told = server.reload();
    for key in ["contact", "hkp.limits.maxBodyLen", "openpgp.headers.comment", "hkp.queries.keywordSearchDisabled"] {
        assert!(told.contains(key), "{told}");
    }
    assert_eq!(submit(hkp, certificate).unwrap().status, 413);
    assert!(stats().contains("\"contact\":\"after\""), "{}", stats());
    assert!(found().text().contains("Comment: new"));
    assert_eq!(get(hkp, "/pks/lookup?op=get&search=a@example.org").unwrap().status, 501);
    assert_eq!(server.metric("hockeypuck_config_reloads_total{result=\"ok\"}").as_deref(), Some("1"));
    let read = server.metric("hockeypuck_config_last_reload_seconds").unwrap();
    assert!(read.parse::<i64>().unwrap() > 1_700_000_000, "{read}");
}

/// Limits on certificates count for the next submission, and those on connections for the next connection.
#[test]
fn limits_are_lowered_at_once() {
    let place = Place::new();
    let server = start(&place, "");
    let hkp = server.addresses()[0];
    let certificate = &certificates()[0];
    write(&place, "openpgp.maxKeyLength = 100");
    server.reload();
    let refused = submit(hkp, certificate).unwrap();
    assert!(refused.text().contains("larger than 100 octets"), "{}", refused.text());
    write(&place, "hkp.limits.maxConnections = 1");
    server.reload();
    let held = std::net::TcpStream::connect(hkp).unwrap();
    let deadline = Instant::now() + PATIENCE;
    // The connection that is held counts as soon as it is accepted.
    while !unasked(hkp).starts_with("HTTP/1.1 503 ") {
        assert!(Instant::now() < deadline, "the limit on connections stays as it was");
    }
    drop(held);
    while !matches!(submit(hkp, certificate), Ok(answer) if answer.status == 200) {
        assert!(Instant::now() < deadline, "the limits on certificates stay as they were");
    }
}

/// Whoever is made an administrator may ask from then on, and what is put on the blocklist is gone; taking it off the
/// list brings nothing back.
#[test]
fn administrators_and_the_blocklist_change() {
    let place = Place::new();
    let server = start(&place, "");
    let hkp = server.addresses()[0];
    let admin = Administrator::new(SystemTime::from(now()) - Duration::from_secs(3600));
    let [deleted, blocked] = ["deleted", "blocked"].map(|name| small(&format!("<{name}@example.org>")));
    for packets in [admin.packets(), deleted.packets(), blocked.packets()] {
        assert_eq!(submit(hkp, &packets).unwrap().status, 200);
    }
    let status =
        |cert: &Owned| get(hkp, &format!("/pks/lookup?op=get&search=0x{}", cert.fingerprint())).unwrap().status;
    let text = format!("/pks/delete\n{}", armored_certificate(&deleted.packets()));
    let encoded = |value: &str| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let form = format!("keytext={}&keysig={}", encoded(&text), encoded(&admin.sign(&text, SystemTime::from(now()))));
    let header = "Content-Type: application/x-www-form-urlencoded\r\n";
    let delete = || send(hkp, "POST", "/pks/delete", header, form.as_bytes()).unwrap().status;
    assert_eq!((delete(), status(&deleted)), (422, 200));

    write(
        &place,
        &format!("adminKeys = [\"{}\"]\nopenpgp.blacklist = [\"{}\"]", admin.fingerprint(), blocked.fingerprint()),
    );
    let told = server.reload();
    assert!(told.contains("adminKeys") && told.contains("openpgp.blacklist"), "{told}");
    assert_eq!((delete(), status(&deleted)), (200, 404));
    let deadline = Instant::now() + PATIENCE;
    while status(&blocked) != 404 {
        assert!(Instant::now() < deadline, "nothing is blocked");
        std::thread::sleep(LOOK_EVERY);
    }
    write(&place, "");
    server.reload();
    assert!(submit(hkp, &blocked.packets()).unwrap().text().contains("blocked"));
    assert_eq!(status(&blocked), 404);
}

/// The log tells more or less from the signal on.
#[test]
fn the_log_level_changes() {
    let place = Place::new();
    write(&place, "loglevel = \"warn\"\nlogfile = \"server.log\"");
    let server = Serving::start(&place, &["--config", "hockeypuck.conf"]);
    let hkp = server.addresses()[0];
    let log = || String::from_utf8(place.read("server.log")).unwrap();
    let wait_for = |text: &str| {
        let deadline = Instant::now() + PATIENCE;
        while !log().contains(text) {
            assert!(Instant::now() < deadline, "the log never says {text:?}: {}", log());
            std::thread::sleep(LOOK_EVERY);
        }
    };
    get(hkp, "/pks/health/live").unwrap();
    write(&place, "loglevel = \"info\"\nlogfile = \"server.log\"");
    server.signal("HUP");
    wait_for("the configuration was read again");
    assert!(!log().contains("route="), "{}", log());
    get(hkp, "/pks/health/live").unwrap();
    wait_for("route=/pks/health/live");
    write(&place, "log.filter = \"error\"\nlogfile = \"server.log\"");
    server.signal("HUP");
    let deadline = Instant::now() + PATIENCE;
    while server.metric("hockeypuck_config_reloads_total{result=\"ok\"}").as_deref() != Some("2") {
        assert!(Instant::now() < deadline, "{}", log());
    }
    let before = log();
    get(hkp, "/pks/health/live").unwrap();
    server.signal("TERM");
    server.end();
    assert_eq!(log(), before);
}

/// A configuration with errors changes nothing: each is told, and all settings stay.
#[test]
fn errors_change_nothing() {
    let place = Place::new();
    let server = start(&place, "contact = \"before\"");
    let hkp = server.addresses()[0];
    write(&place, "contact = \"after\"\nhkp.limits.maxRequests = 0\nloglevel = \"loud\"");
    server.signal("HUP");
    for line in ["hkp.limits.maxRequests", "loglevel"] {
        let told = server.wait_for(line);
        assert!(told.contains("level=error") && told.contains("nothing changes"), "{told}");
    }
    write(&place, "contact = \"after");
    server.signal("HUP");
    server.wait_for("nothing changes");
    std::fs::remove_file(place.path().join("hockeypuck.conf")).unwrap();
    server.signal("HUP");
    server.wait_for("cannot be read");
    assert!(get(hkp, "/pks/stats?options=json").unwrap().text().contains("\"contact\":\"before\""));
    assert_eq!(server.metric("hockeypuck_config_reloads_total{result=\"failed\"}").as_deref(), Some("3"));
    assert_eq!(server.metric("hockeypuck_config_reloads_total{result=\"ok\"}").as_deref(), Some("0"));
    write(&place, "contact = \"after\"");
    server.reload();
    assert!(get(hkp, "/pks/stats?options=json").unwrap().text().contains("\"contact\":\"after\""));
}

/// What cannot change is named in one line, each time, until the server is started again; everything else changes.
#[test]
fn what_needs_a_restart_is_named() {
    let place = Place::new();
    let server = start(&place, "metrics.metricsPath = \"/metrics\"");
    let [hkp, metrics] = server.addresses()[..] else { panic!("{}", server.announcement) };
    let changed = "metrics.metricsPath = \"/other\"\nopenpgp.db.maxConnections = 3\ncontact = \"after\"\n\
                   hkps.bind = \"127.0.0.1:0\"\nhkps.cert = \"a\"\nhkps.key = \"b\"\n\
                   openpgp.db.dsn = \"postgres://a:hunter2@127.0.0.1/b\"";
    for contact in ["after", "later"] {
        write(&place, &changed.replace("after", contact));
        server.signal("HUP");
        let told = server.wait_for("need a restart");
        for key in ["metrics.metricsPath", "openpgp.db.maxConnections", "hkps.bind", "openpgp.db.dsn"] {
            assert!(told.contains(key), "{told}");
        }
        assert!(!told.contains("contact") && !told.contains("hkps.cert") && !told.contains("hunter2"), "{told}");
        let told = server.wait_for("the configuration was read again");
        assert!(told.contains("contact") && !told.contains("metricsPath"), "{told}");
        assert!(get(hkp, "/pks/stats?options=json").unwrap().text().contains(&format!("\"contact\":\"{contact}\"")));
        assert_eq!(get(metrics, "/metrics").unwrap().status, 200);
    }
}

/// Partners that are added are contacted soon, also by a server that had none; those that are taken off no longer,
/// and the metrics forget them.
#[test]
fn partners_come_and_go() {
    let place = Place::new();
    let server = start(&place, "");
    let [first, second] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let partner = |name: &str, listener: &TcpListener, interval: u32| {
        let address: SocketAddr = listener.local_addr().unwrap();
        format!(
            "conflux.recon.gossipIntervalSecs = {interval}\n[hockeypuck.conflux.recon.partner.{name}]\nreconAddr = \"{address}\""
        )
    };
    write(&place, &partner("first", &first, 1));
    server.reload();
    wait_for_connection(&first);
    let failures = |name: &str| server.metric(&format!("conflux_reconciliation_failure{{peer=\"{name}\"}}"));
    wait_until(|| failures("first").is_some());

    // With an interval that the test would not wait for: who is new is contacted before that.
    write(&place, &partner("second", &second, 3600));
    server.reload();
    wait_for_connection(&second);
    wait_until(|| failures("second").is_some());
    assert_eq!(failures("first"), None);

    // What came before the other list was in use.
    while accept(&first).is_some() {}
    write(&place, &partner("second", &second, 1));
    server.reload();
    wait_for_connection(&second);
    wait_for_connection(&second);
    assert!(accept(&first).is_none(), "a partner that was taken off is contacted");
    let json = get(server.addresses()[0], "/pks/stats?options=json").unwrap().text();
    assert!(json.contains("\"second\"") && !json.contains("\"first\""), "{json}");
    server.signal("TERM");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log:?}");
}

/// Accepts a connection and closes it.
fn wait_for_connection(listener: &TcpListener) {
    wait_until(|| accept(listener).is_some());
}

fn accept(listener: &TcpListener) -> Option<()> {
    listener.set_nonblocking(true).unwrap();
    match listener.accept() {
        Ok(_) => Some(()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        Err(error) => panic!("{error}"),
    }
}

fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never seen");
        std::thread::sleep(LOOK_EVERY);
    }
}
