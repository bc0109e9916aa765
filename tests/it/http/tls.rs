//! TLS connections in this process, with limits that a test can wait for.
#![expect(clippy::disallowed_methods, reason = "each test stops what it starts")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hockeypuck::config::Hkps;
use hockeypuck::http::{Listener, ServeLimits, Tls, serve};
use hockeypuck::telemetry::{HttpMetrics, TlsMetrics};
use prometheus::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, block_in_place};
use tokio_util::sync::CancellationToken;

use crate::support::authority::{Authority, Pair};
use crate::support::secure::{Secure, der};

/// Far below every limit that is not under test, far above scheduling noise.
const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(60);

fn patient() -> ServeLimits {
    let defaults = ServeLimits::default();
    ServeLimits { first_octet: LONG, handshake: LONG, header: LONG, write_stall: LONG, drain: LONG, ..defaults }
}

struct Server {
    address: SocketAddr,
    authority: Authority,
    pair: Pair,
    metrics: HttpMetrics,
    certificates: TlsMetrics,
    shutdown: CancellationToken,
    tasks: [JoinHandle<()>; 2],
}

impl Server {
    async fn start(limits: ServeLimits) -> Self {
        let authority = Authority::new();
        let pair = authority.issue("server", "DNS:localhost");
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let metrics = HttpMetrics::register(&Registry::new()).unwrap();
        let certificates = TlsMetrics::register(&Registry::new()).unwrap();
        let bind = "127.0.0.1:0".parse().unwrap();
        let hkps = Hkps { bind, cert: pair.cert.clone(), key: pair.key.clone() };
        let tls = Tls::open(&hkps, certificates.clone()).unwrap();
        let shutdown = CancellationToken::new();
        let router = Router::new().route("/", get(async || "hello"));
        let listener = Listener::with_tls(socket, tls.clone());
        let serving = serve(listener, router, limits, metrics.clone(), shutdown.clone().cancelled_owned());
        let looking = tls.keep_fresh(Duration::from_millis(10), shutdown.clone());
        let tasks = [tokio::spawn(serving), tokio::spawn(looking)];
        Self { address, authority, pair, metrics, certificates, shutdown, tasks }
    }

    fn connect(&self) -> Secure {
        block_in_place(|| Secure::connect(self.address, &self.authority.root()))
    }

    fn refused(&self, reason: &str) -> u64 {
        self.metrics.refused.with_label_values(&[reason]).get()
    }

    async fn stop(self) {
        self.shutdown.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
        assert_eq!(self.metrics.connections.get(), 0);
    }
}

/// Sends `octets` without TLS and reads until the server closes.
async fn exchange(address: SocketAddr, octets: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(octets).await.unwrap();
    let mut answer = Vec::new();
    // A reset ends the stream, too.
    let end = tokio::time::timeout(LONG / 4, stream.read_to_end(&mut answer)).await;
    assert!(end.is_ok(), "the server holds on");
    answer
}

/// A handshake that does not go on, and a client that speaks plain HTTP, are closed and counted.
#[tokio::test(flavor = "multi_thread")]
async fn handshakes_have_a_limit() {
    let server = Server::start(ServeLimits { handshake: SHORT, ..patient() }).await;
    exchange(server.address, &[0x16, 3, 1, 1, 0, 1]).await;
    assert_eq!(server.refused("tls_handshake"), 1);
    exchange(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(server.refused("tls_handshake"), 2);
    server.stop().await;
}

/// Who ends the handshake and then asks nothing, or begins HTTP/2 and does not go on with it, is cut off and counted.
#[tokio::test(flavor = "multi_thread")]
async fn requests_must_come() {
    let server = Server::start(ServeLimits { header: SHORT, ..patient() }).await;
    for (index, begun) in [&b""[..], b"PRI * HTTP/2.0\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"].into_iter().enumerate()
    {
        let mut connection = server.connect();
        block_in_place(|| {
            connection.send(begun);
            connection.wait_for_end();
        });
        assert_eq!(server.refused("first_request"), index as u64 + 1, "{begun:?}");
    }
    server.stop().await;
}

/// A certificate whose files change is taken without any signal; one that cannot be used is tried once.
#[tokio::test(flavor = "multi_thread")]
async fn changed_files_are_noticed() {
    let server = Server::start(patient()).await;
    assert_eq!(server.connect().certificate(), der(&server.pair.cert));
    let new = server.authority.issue("new", "DNS:localhost");
    server.pair.replace_by(&new);
    let end = tokio::time::Instant::now() + LONG;
    while server.connect().certificate() != der(&new.cert) {
        assert!(tokio::time::Instant::now() < end, "the new certificate is not taken");
    }
    let reloads = |result: &str| server.certificates.reloads.with_label_values(&[result]).get();
    // Between the two files the pair may not have fitted.
    let (taken, failed) = (reloads("ok"), reloads("failed"));
    // At once: a file that is being written is another one.
    let broken = server.pair.cert.with_extension("new");
    std::fs::write(&broken, "nothing").unwrap();
    std::fs::rename(&broken, &server.pair.cert).unwrap();
    while reloads("failed") == failed {
        assert!(tokio::time::Instant::now() < end, "the broken certificate is not noticed");
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(SHORT).await;
    assert_eq!((reloads("ok"), reloads("failed")), (taken, failed + 1));
    assert_eq!(server.connect().certificate(), der(&new.cert));
    server.stop().await;
}
