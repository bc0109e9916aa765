//! Connections: nobody can hold one without using it, and a shutdown cuts nobody off.
#![expect(clippy::disallowed_methods, reason = "each test stops what it starts")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use hockeypuck::http::{Budget, ServeLimits, serve};
use hockeypuck::telemetry::HttpMetrics;
use prometheus::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::records::record;
use super::world::World;

/// Far below every limit that is not under test, far above scheduling noise.
const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(60);

fn patient() -> ServeLimits {
    ServeLimits {
        connections: Budget::new(16),
        first_octet: LONG,
        handshake: LONG,
        header: LONG,
        write_stall: LONG,
        late_request: Duration::ZERO,
        drain: LONG,
    }
}

struct Server {
    address: SocketAddr,
    metrics: HttpMetrics,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(router: Router, limits: ServeLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = HttpMetrics::register(&Registry::new()).unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone().cancelled_owned();
        let task = tokio::spawn(serve(listener, router, limits, metrics.clone(), stop));
        Self { address, metrics, shutdown, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `request` and reads until the server closes.
    async fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
        assert_eq!(self.metrics.connections.get(), 0);
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut octets = Vec::new();
    // A reset ends the stream, too.
    let end = tokio::time::timeout(LONG / 4, stream.read_to_end(&mut octets)).await;
    assert!(end.is_ok(), "the server holds on");
    String::from_utf8_lossy(&octets).into_owned()
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

/// GnuPG speaks HTTP/1.0, often without a host, and reads neither chunks nor compression.
#[tokio::test]
async fn old_clients_get_plain_answers() {
    let world = World::holding([record(1, "Alice <alice@example.org>")]).await;
    let server = Server::start(world.router.clone(), patient()).await;
    for query in ["op=get", "op=get&options=bin", "op=index&options=mr", "op=index&options=json", "op=vindex"] {
        let request = format!("GET /pks/lookup?{query}&search=alice@example.org HTTP/1.0\r\n\r\n");
        let answer = server.exchange(&request).await.to_lowercase();
        let (head, _) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("http/1.0 200 ok\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-length: ") && !head.contains("transfer-encoding"), "{head}");
        assert!(!head.contains("content-encoding"), "{head}");
    }
    let body = "\0\0\0\0";
    let request = format!("POST /pks/hashquery HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer = server.exchange(&request).await.to_lowercase();
    assert!(answer.contains("\r\ncontent-length: 6\r\n") && answer.ends_with("\r\n\r\n\0\0\0\0\r\n"), "{answer}");
    server.stop().await;
}

/// Who was connected when the shutdown began is answered, whether or not it was accepted or had asked by then.
#[tokio::test]
async fn who_was_connected_is_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(TcpStream::connect(address).await.unwrap());
    }
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let limits = ServeLimits { late_request: LONG, ..patient() };
    let metrics = HttpMetrics::register(&Registry::new()).unwrap();
    let task = tokio::spawn(serve(listener, hello(), limits, metrics, shutdown.cancelled_owned()));
    while TcpStream::connect(address).await.is_ok() {}
    for client in &mut clients {
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert!(read_to_end(client).await.ends_with("hello"));
    }
    drop(clients);
    task.await.unwrap();
}

/// One connection serves many requests.
#[tokio::test]
async fn connections_are_kept() {
    let server = Server::start(hello(), patient()).await;
    let twice = "GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(server.exchange(twice).await.matches("hello").count(), 2);
    server.stop().await;
}

/// Who connects and says nothing, stops in the middle of a header, or keeps a connection idle is cut off.
#[tokio::test]
async fn silent_clients_are_cut_off() {
    let first = ServeLimits { first_octet: SHORT, ..patient() };
    let header = ServeLimits { header: SHORT, ..patient() };
    for (limits, sent) in [
        (first, ""),
        (header.clone(), "GET / HTTP/1.1\r\nhost: x\r\nx-slow"),
        (header, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"),
    ] {
        let server = Server::start(hello(), limits).await;
        let started = Instant::now();
        server.exchange(sent).await;
        assert!(started.elapsed() >= SHORT, "{sent}");
        server.stop().await;
    }
}

/// Who begins HTTP/2 and does not go on with it is cut off and counted.
#[tokio::test]
async fn half_begun_protocols_are_cut_off() {
    let server = Server::start(hello(), ServeLimits { header: SHORT, ..patient() }).await;
    for (index, begun) in ["PRI * HT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"].into_iter().enumerate() {
        server.exchange(begun).await;
        assert_eq!(server.metrics.refused.with_label_values(&["first_request"]).get(), index as u64 + 1, "{begun}");
    }
    server.stop().await;
}

/// Who asks for much and reads nothing is cut off.
#[tokio::test]
async fn clients_that_do_not_read_are_cut_off() {
    let large = Router::new().route("/", get(async || vec![b'x'; 64 << 20]));
    let server = Server::start(large, ServeLimits { write_stall: SHORT, ..patient() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let end = tokio::time::timeout(LONG / 4, async {
        while server.metrics.connections.get() == 0 {
            tokio::task::yield_now().await;
        }
        while server.metrics.connections.get() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert!(end.is_ok(), "the server holds on");
    server.stop().await;
}

/// Connections over the limit are told so, and there is room again when others end.
#[tokio::test]
async fn connections_have_a_limit() {
    let server = Server::start(hello(), ServeLimits { connections: Budget::new(1), ..patient() }).await;
    let close = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let mut first = server.connect().await;
    first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut octets = [0; 12];
    first.read_exact(&mut octets).await.unwrap();
    assert_eq!(&octets, b"HTTP/1.1 200");

    let mut second = server.connect().await;
    let refusal = read_to_end(&mut second).await;
    assert!(refusal.starts_with("HTTP/1.1 503 ") && refusal.contains("Retry-After"), "{refusal}");
    let (head, body) = refusal.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{refusal}");
    assert_eq!(server.metrics.refused.with_label_values(&["connections"]).get(), 1);

    first.write_all(close.as_bytes()).await.unwrap();
    read_to_end(&mut first).await;
    while !server.exchange(close).await.contains("hello") {}
    server.stop().await;
}

/// A shutdown lets a request under way finish, takes no new ones, and closes idle connections at once.
#[tokio::test]
async fn a_shutdown_drains() {
    let gate = CancellationToken::new();
    let (waiting, entered) = (gate.clone(), CancellationToken::new());
    let entering = entered.clone();
    let slow = get(async move || {
        entering.cancel();
        waiting.cancelled().await;
        "hello"
    });
    let server = Server::start(Router::new().route("/", slow), patient()).await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    entered.cancelled().await;
    server.shutdown.cancel();
    assert_eq!(read_to_end(&mut idle).await, "");
    assert!(!server.task.is_finished());
    assert!(TcpStream::connect(server.address).await.is_err());
    gate.cancel();
    assert!(read_to_end(&mut busy).await.ends_with("hello"));
    server.stop().await;
}

/// A request that does not finish cannot keep the process from ending.
#[tokio::test]
async fn draining_has_a_limit() {
    let entered = CancellationToken::new();
    let entering = entered.clone();
    let stuck = get(async move || {
        entering.cancel();
        std::future::pending::<()>().await;
    });
    let router = Router::new().route("/", stuck);
    let server = Server::start(router, ServeLimits { drain: SHORT, ..patient() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    entered.cancelled().await;
    server.stop().await;
}
