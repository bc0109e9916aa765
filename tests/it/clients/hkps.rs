//! HKP over TLS: curl with both protocols.

use std::process::Command;

use crate::support::authority::Authority;
use crate::support::backend::Backend;
use crate::support::ports::free_port;
use crate::support::server::Server;
use crate::support::tools::{Finished, run};
use crate::support::{certs, request};

/// A server with a certificate for `localhost`, and its port of TLS.
fn start(authority: &Authority) -> (Server, u16) {
    let port = free_port();
    let settings = authority.issue("server", "DNS:localhost").settings(&format!("127.0.0.1:{port}"));
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    (Server::start_with(Backend::sqlite(), &settings), port)
}

fn curl(authority: &Authority, arguments: &[&str]) -> Finished {
    let root = authority.root();
    run(Command::new("curl")
        .args(["--silent", "--show-error", "--fail", "--max-time", "60", "--cacert", root.to_str().unwrap()])
        .args(arguments))
}

/// The protocol is what the client offers, from TLS 1.2 on, and the answers are those of plain HTTP.
#[test]
fn curl_speaks_both_protocols() {
    let authority = Authority::new();
    let (server, port) = start(&authority);
    let owned = certs::general("<secure@example.org>");
    assert_eq!(request::submit(server.address(), &owned.packets()).unwrap().status, 200);
    let target = format!("/pks/lookup?op=get&options=mr&search=0x{}", owned.fingerprint());
    let plain = request::get(server.address(), &target).unwrap().text();
    let url = format!("https://localhost:{port}{target}");
    for (flags, version) in [
        (&["--http1.1"][..], "1.1"),
        (&["--http2"], "2"),
        (&["--http1.1", "--tls-max", "1.2"], "1.1"),
        (&["--http2", "--tls-max", "1.2"], "2"),
    ] {
        let shown = ["--write-out", "%{http_version}", url.as_str()];
        let answer = curl(&authority, &[flags, &shown].concat()).expect_success();
        assert_eq!(answer, format!("{plain}{version}"));
    }
    curl(&authority, &["--tls-max", "1.1", &url]).expect_failure();
    let stranger = Authority::new();
    assert!(curl(&stranger, &[&url]).expect_failure().contains("certificate"));
}

/// The statistics tell where HKP is served over TLS.
#[test]
fn the_statistics_name_the_address() {
    let authority = Authority::new();
    let (server, port) = start(&authority);
    let json = request::get(server.address(), "/pks/stats?options=json").unwrap().text();
    assert!(json.contains(&format!("\"hkpsAddr\":\"127.0.0.1:{port}\"")), "{json}");
    let page = request::get(server.address(), "/pks/stats").unwrap().text();
    assert!(page.contains(&format!("<td>127.0.0.1:{port}</td>")), "{page}");
    let log = server.log();
    assert!(log.contains(&format!("answers at http://{}, https://127.0.0.1:{port}, ", server.address())), "{log}");
}
