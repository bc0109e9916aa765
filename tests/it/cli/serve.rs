//! `serve`: starting, signals, stopping.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::keyrings::{NONUPLOAD, certificates};
use super::program::Place;
use super::serving::{Serving, answer, begin_submission};
use crate::support::request::get;

/// What supervisors allow before they kill.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// One line tells where everything is; both listeners answer, and the database is where the line says.
#[test]
fn a_server_says_where_it_is() {
    let place = Place::new();
    let server = Serving::start(&place, &[]);
    let [hkp, metrics] = server.addresses()[..] else { panic!("{}", server.announcement) };
    assert_eq!(get(hkp, "/pks/lookup?op=stats").unwrap().status, 200);
    assert!(get(metrics, "/metrics").unwrap().text().contains("hockeypuck_keys_added 0"));
    let shown = server.announcement.replace(&hkp.to_string(), "HKP").replace(&metrics.to_string(), "METRICS");
    insta::assert_snapshot!(shown, @"Hockeypuck 0.1.0 answers at http://HKP, metrics at http://METRICS/metrics, data in sqlite://hockeypuck-data/hockeypuck.sqlite");
    assert!(place.path().join("hockeypuck-data/hockeypuck.sqlite").exists());
}

/// What a load stored is served at once, also by a server that was running already.
#[test]
fn what_is_loaded_is_served() {
    let place = Place::new();
    let server = Serving::start(&place, &[]);
    place.run(&["load", NONUPLOAD]).expect_success();
    let found = get(server.addresses()[0], "/pks/lookup?op=get&search=0x2c429f5dd6b7f023bd300993453f8d999f113609");
    let found = found.unwrap().text();
    assert!(found.contains("-----BEGIN PGP PUBLIC KEY BLOCK-----"), "{found}");
}

/// A request that is under way when the server is told to stop is answered, and the stop does not wait for more.
#[test]
fn requests_under_way_are_answered() {
    let place = Place::new();
    let server = Serving::start(&place, &[]);
    let address = server.addresses()[0];
    let certificate = &certificates()[0];
    let mut request = begin_submission(address, certificate, 10);
    server.signal("TERM");
    server.wait_for("stopping");
    request.write_all(&certificate[certificate.len() - 10..]).unwrap();
    let answer = answer(request);
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log:?}");
    assert!(place.run(&["lookup", "--op", "index", "@"]).code.is_some());
    let stored = place.run_with_input(&["load", "-"], certificate).expect_success();
    assert_eq!(stored, "1 read = 0 inserted + 0 updated + 1 unchanged + 0 rejected\n");
}

/// Clients that never end their requests do not keep the server from ending in time.
#[test]
fn open_requests_do_not_delay_the_stop() {
    let place = Place::new();
    let server = Serving::start(&place, &[]);
    let address = server.addresses()[0];
    let requests: Vec<_> = (0..3).map(|_| begin_submission(address, &[0x99; 100], 10)).collect();
    let silent = std::net::TcpStream::connect(address).unwrap();
    let begun = Instant::now();
    server.signal("TERM");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log:?}");
    assert!(begun.elapsed() < STOP_LIMIT, "{:?} {log:?}", begun.elapsed());
    drop((requests, silent));
}

/// A second signal ends the server without waiting for anybody.
#[test]
fn a_second_signal_ends_at_once() {
    let place = Place::new();
    let server = Serving::start(&place, &[]);
    let _request = begin_submission(server.addresses()[0], &[0x99; 100], 10);
    server.signal("INT");
    server.wait_for("stopping");
    let begun = Instant::now();
    server.signal("INT");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log:?}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?} {log:?}", begun.elapsed());
}

/// SIGHUP and SIGUSR1 open the log file again, so that it can be rotated, and kill nobody.
#[test]
fn logs_can_be_rotated() {
    let place = Place::new();
    place.write("hockeypuck.conf", "[hockeypuck]\nlogfile = \"server.log\"\ndataDir = \"data\"\n");
    let server = Serving::start(&place, &["--config", "hockeypuck.conf"]);
    for (number, signal) in ["HUP", "USR1"].into_iter().enumerate() {
        let rotated = place.path().join(format!("server.log.{number}"));
        std::fs::rename(place.path().join("server.log"), &rotated).unwrap();
        server.signal(signal);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !place.path().join("server.log").exists() {
            assert!(Instant::now() < deadline, "the log was not opened again");
            std::thread::yield_now();
        }
        assert_eq!(get(server.addresses()[0], "/pks/health/ready").unwrap().status, 200);
    }
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    let log = String::from_utf8(place.read("server.log")).unwrap();
    assert!(log.contains("opened again") && log.contains("stopped"), "{log}");
}

/// A port that somebody else has is told in a sentence, and nothing is left behind.
#[test]
fn a_port_in_use_is_told() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listener = TcpListener::bind(taken).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    for flags in [["--bind", &address], ["--metrics-bind", &address]] {
        let mut arguments = vec!["serve", "--bind", "127.0.0.1:0", "--metrics-bind", "none"];
        let place_of = arguments.iter().position(|argument| *argument == flags[0]).unwrap();
        arguments[place_of + 1] = flags[1];
        let outcome = place.run(&arguments);
        let told = outcome.shown().replace(&address, "ADDRESS");
        assert!(told.contains("cannot be served at ADDRESS: Address already in use"), "{told}");
        assert_eq!(outcome.code, Some(3));
    }
    assert!(!place.path().join("hockeypuck-data").exists());
}

/// Without the metrics listener everything else works.
#[test]
fn metrics_can_be_off() {
    let place = Place::new();
    let server = Serving::start(&place, &["--metrics-bind=none"]);
    assert!(server.announcement.contains("no metrics"), "{}", server.announcement);
    assert_eq!(server.addresses().len(), 1);
}

/// Warnings about the configuration are in the log of a server that starts nevertheless.
#[test]
fn warnings_are_logged() {
    let place = Place::new();
    place.write("hockeypuck.conf", "[hockeypuck]\ndataDir = \"data\"\nhostnam = \"a\"\n");
    let server = Serving::start(&place, &["--config", "hockeypuck.conf"]);
    server.wait_for("hockeypuck.conf:3: hostnam is unknown");
}

/// systemd, where it wants to know, is told when the server answers, and when it takes nothing new.
#[test]
fn systemd_is_told() {
    let place = Place::new();
    let socket = UnixDatagram::bind(place.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let heard = || {
        let mut octets = [0; 64];
        let count = socket.recv(&mut octets).unwrap();
        String::from_utf8_lossy(&octets[..count]).trim().to_owned()
    };
    let mut serve = place.command(&["serve", "--bind", "127.0.0.1:0", "--metrics-bind", "none"]);
    serve.env("NOTIFY_SOCKET", place.path().join("notify")).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = serve.spawn().unwrap();
    assert_eq!(heard(), "READY=1");
    assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    assert_eq!(heard(), "STOPPING=1");
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
