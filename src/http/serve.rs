//! Accepting connections and serving them, within limits that no client can stretch.
//!
//! Every phase of a connection has a deadline: the first octet, the header of each request (which is
//! also how long an idle connection is kept), the body (in the handlers), and each write.

mod connection;
mod write_stall;

use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Tls;
use super::budget::Budget;
use crate::telemetry::HttpMetrics;
use connection::Server;

/// How long to wait after a failure to accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The most connections that are accepted after the shutdown has begun: more than the system keeps.
const WAITING_LIMIT: usize = 4096;

/// What a client is told when there are too many connections. Written at once or not at all.
const TOO_MANY_CONNECTIONS: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\
    Access-Control-Allow-Origin: *\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 55\r\n\
    Connection: close\r\n\r\nThe server has too many connections; please try again.\n";

/// Where connections are accepted, and whether they are of TLS.
pub struct Listener {
    socket: TcpListener,
    tls: Option<Tls>,
}

impl Listener {
    pub fn with_tls(socket: TcpListener, tls: Tls) -> Self {
        Self { socket, tls: Some(tls) }
    }
}

impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Self {
        Self { socket, tls: None }
    }
}

/// Limits of one listener.
#[derive(Clone, Debug)]
pub struct ServeLimits {
    /// Connections that are open at once; listeners may share it.
    pub connections: Budget,
    /// From the connection to its first octet.
    pub first_octet: Duration,
    /// From the first octet to the end of the handshake of TLS.
    pub handshake: Duration,
    /// From the end of an answer, or the first octet, to the end of the next request's header.
    pub header: Duration,
    /// How long a client may accept no octet of an answer.
    pub write_stall: Duration,
    /// How long a client that is connected when the shutdown begins may take to begin its request.
    pub late_request: Duration,
    /// How long requests under way may take after the shutdown has begun.
    pub drain: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: Budget::new(4096),
            first_octet: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            late_request: Duration::from_millis(500),
            drain: Duration::from_secs(20),
        }
    }
}

/// Serves `router` on `listener` until `shutdown` completes, then lets requests under way finish
/// within the limit. Never fails: what goes wrong with accepting is logged and tried again.
pub async fn serve(
    listener: impl Into<Listener>,
    router: Router,
    limits: ServeLimits,
    metrics: HttpMetrics,
    shutdown: impl Future<Output = ()>,
) {
    let Listener { socket, tls } = listener.into();
    let (connections, drain_limit, is_tls) = (limits.connections.clone(), limits.drain, tls.is_some());
    let server = Server::new(router, tls, limits, metrics.clone());
    let graceful = GracefulShutdown::new();
    let stopping = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    let begin = |tasks: &mut JoinSet<()>, stream| {
        let Some(share) = connections.take(1) else {
            metrics.refuse("connections");
            // Before a handshake, a client of TLS understands no answer.
            return if is_tls { drop(stream) } else { refuse(&stream) };
        };
        let connection = server.clone().run(stream, stopping.clone(), graceful.watcher());
        tasks.spawn(async move {
            connection.await;
            drop(share);
        });
    };
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = tasks.join_next() => {}
            stream = accept(&socket) => begin(&mut tasks, stream),
        }
    }
    waiting(socket).for_each(|stream| begin(&mut tasks, stream));
    stopping.cancel();
    drain(graceful, tasks, drain_limit).await;
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The clients that are connected and were not accepted yet: to them, the server was there. Nobody else gets in.
fn waiting(listener: TcpListener) -> impl Iterator<Item = TcpStream> {
    let listener = listener.into_std().ok();
    let accept = move || listener.as_ref().and_then(|listener| listener.accept().ok());
    std::iter::from_fn(accept).take(WAITING_LIMIT).filter_map(|(stream, _)| {
        stream.set_nonblocking(true).ok()?;
        TcpStream::from_std(stream).ok()
    })
}

/// Tells a client that there are too many connections.
fn refuse(stream: &TcpStream) {
    // The client may have gone already.
    let _ = stream.try_write(TOO_MANY_CONNECTIONS);
}

async fn drain(graceful: GracefulShutdown, mut tasks: JoinSet<()>, limit: Duration) {
    if tokio::time::timeout(limit, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "connections were cut because they did not finish in time");
    }
    tasks.shutdown().await;
}
