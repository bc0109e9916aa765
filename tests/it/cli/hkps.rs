//! HKP over TLS in a process of its own: its certificate, its limits, its end.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::program::Place;
use super::serving::{Serving, unasked};
use crate::support::authority::{Authority, Pair};
use crate::support::secure::{Secure, der};

/// What supervisors allow before they kill.
const STOP_LIMIT: Duration = Duration::from_secs(5);

fn start(place: &Place, pair: &Pair, more: &str) -> Serving {
    let (cert, key) = (pair.cert.display(), pair.key.display());
    let hkps = format!("hkps.bind = \"127.0.0.1:0\"\nhkps.cert = \"{cert}\"\nhkps.key = \"{key}\"\n");
    place.write("hockeypuck.conf", format!("[hockeypuck]\ndataDir = \"data\"\n{hkps}{more}"));
    Serving::start(place, &["--config", "hockeypuck.conf"])
}

/// After SIGHUP new connections get the new certificate, and open ones go on with the old one. A pair that cannot be
/// used is told and counted, and everything goes on.
#[test]
fn certificates_are_swapped_under_open_connections() {
    let (place, authority) = (Place::new(), Authority::new());
    let [old, new] = ["old", "new"].map(|stem| authority.issue(stem, "DNS:localhost"));
    let old_certificate = der(&old.cert);
    let server = start(&place, &old, "");
    let address = server.tls_address();
    let mut open = Secure::connect(address, &authority.root());
    assert_eq!(open.certificate(), old_certificate);
    assert!(open.head("/pks/health/live").starts_with("HTTP/1.1 200 "));

    old.replace_by(&new);
    server.reload();
    assert!(open.head("/pks/health/live").starts_with("HTTP/1.1 200 "));
    let mut fresh = Secure::connect(address, &authority.root());
    assert_eq!(fresh.certificate(), der(&new.cert));
    assert!(fresh.head("/pks/health/live").starts_with("HTTP/1.1 200 "));
    let expiry = server.metric("hockeypuck_tls_certificate_expiry_seconds").unwrap();
    assert!(expiry.parse::<i64>().unwrap() > 1_700_000_000, "{expiry}");

    let other = authority.issue("other", "DNS:localhost");
    std::fs::copy(&other.key, &old.key).unwrap();
    server.signal("HUP");
    let told = server.wait_for("the certificate of hkps stays the old one");
    assert!(told.contains("level=error") && told.contains("cannot be used"), "{told}");
    server.wait_for("the configuration was read again");
    assert_eq!(Secure::connect(address, &authority.root()).certificate(), der(&new.cert));
    for (result, count) in [("ok", "1"), ("failed", "1")] {
        let name = format!("hockeypuck_tls_certificate_reloads_total{{result=\"{result}\"}}");
        assert_eq!(server.metric(&name).as_deref(), Some(count), "{result}");
    }
}

/// Open connections, also such as are within their handshake, do not keep the server from ending in time.
#[test]
fn open_connections_do_not_delay_the_stop() {
    let (place, authority) = (Place::new(), Authority::new());
    let server = start(&place, &authority.issue("server", "DNS:localhost"), "");
    let address = server.tls_address();
    let mut idle = Secure::connect(address, &authority.root());
    assert!(idle.head("/pks/health/live").starts_with("HTTP/1.1 200 "));
    let mut unended = Secure::connect(address, &authority.root());
    unended.send(b"POST /pks/add HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nkeytext=");
    let shaking = begin_handshake(address);
    let silent = TcpStream::connect(address).unwrap();
    let begun = Instant::now();
    server.signal("TERM");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log:?}");
    assert!(begun.elapsed() < STOP_LIMIT, "{:?} {log:?}", begun.elapsed());
    drop((shaking, silent));
}

/// Plain and encrypted connections count against one limit.
#[test]
fn connections_share_a_limit() {
    let (place, authority) = (Place::new(), Authority::new());
    let server = start(&place, &authority.issue("server", "DNS:localhost"), "hkp.limits.maxConnections = 1\n");
    let mut open = Secure::connect(server.tls_address(), &authority.root());
    assert!(open.head("/pks/health/live").starts_with("HTTP/1.1 200 "));
    assert!(unasked(server.addresses()[0]).starts_with("HTTP/1.1 503 "));
    // A client that is not told anything it could not read sees the connection close.
    assert_eq!(unasked(server.tls_address()), "");
}

/// A certificate that cannot be used is told before the server answers.
#[test]
fn unusable_certificates_are_told() {
    let (place, authority) = (Place::new(), Authority::new());
    let [one, two] = ["one", "two"].map(|stem| authority.issue(stem, "DNS:localhost"));
    let mixed = Pair { cert: one.cert.clone(), key: two.key };
    let missing = Pair { cert: "nowhere.pem".into(), key: one.key.clone() };
    let swapped = Pair { cert: one.key.clone(), key: one.cert };
    for (pair, cause) in [(mixed, "cannot be used"), (missing, "cannot be read"), (swapped, "has no certificate")] {
        let mut command = place.command(&["serve", "--bind", "127.0.0.1:0", "--metrics-bind", "none"]);
        for (name, value) in pair.settings("127.0.0.1:0") {
            command.env(format!("HOCKEYPUCK_{name}"), value);
        }
        let finished = crate::support::tools::run(&mut command);
        assert_eq!(finished.code, Some(3), "{finished:?}");
        let told = finished.expect_failure();
        assert!(told.contains("HKP cannot be served over TLS") && told.contains(cause), "{told}");
    }
}

/// The beginning of a `ClientHello`, and nothing more.
fn begin_handshake(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&[0x16, 3, 1, 1, 0, 1]).unwrap();
    stream
}
