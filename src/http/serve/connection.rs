//! One connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use prometheus::IntGauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;

use super::super::{Caller, Tls};
use super::ServeLimits;
use super::write_stall::WriteStall;
use crate::telemetry::HttpMetrics;

/// The most octets of a request's header, and of what is read ahead.
const HEADER_OCTETS_LIMIT: usize = 64 * 1024;
/// HTTP/2: requests that one connection may have under way.
const STREAMS_LIMIT: u32 = 64;
/// HTTP/2: how often, and how patiently, a silent client is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How every connection of a listener is served. Cheap to clone.
#[derive(Clone)]
pub(super) struct Server {
    protocol: Arc<auto::Builder<TokioExecutor>>,
    router: Router,
    tls: Option<Tls>,
    limits: ServeLimits,
    metrics: HttpMetrics,
}

impl Server {
    pub(super) fn new(router: Router, tls: Option<Tls>, limits: ServeLimits, metrics: HttpMetrics) -> Self {
        let mut protocol = auto::Builder::new(TokioExecutor::new());
        protocol.http1().timer(TokioTimer::new()).header_read_timeout(limits.header).max_buf_size(HEADER_OCTETS_LIMIT);
        protocol
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_LIMIT)
            .max_header_list_size(u32::try_from(HEADER_OCTETS_LIMIT).unwrap_or(u32::MAX))
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        Self { protocol: Arc::new(protocol), router, tls, limits, metrics }
    }

    /// Serves one connection to its end. When the listener shuts down, which `stopping` and
    /// `watcher` both tell, a request under way is the last one.
    pub(super) async fn run(self, stream: TcpStream, stopping: CancellationToken, watcher: Watcher) {
        let _open = Open::enter(&self.metrics.connections);
        let begun = tokio::select! {
            begun = self.has_first_octet(&stream) => begun,
            () = self.is_late(&stopping) => false,
        };
        if !begun {
            return;
        }
        let caller = stream.peer_addr().ok().map(Caller::new);
        // Answers are written whole; waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let stream = WriteStall::new(stream, self.limits.write_stall);
        match &self.tls {
            None => self.serve(stream, caller, &stopping, watcher).await,
            Some(tls) => {
                let shaken = tokio::select! {
                    shaken = self.shake_hands(tls, stream) => shaken,
                    () = self.is_late(&stopping) => None,
                };
                if let Some(stream) = shaken {
                    self.serve(stream, caller, &stopping, watcher).await;
                }
            }
        }
    }

    /// Ends a moment after the shutdown has begun: who has just connected is about to ask.
    async fn is_late(&self, stopping: &CancellationToken) {
        stopping.cancelled().await;
        tokio::time::sleep(self.limits.late_request).await;
    }

    /// The first octet tells the protocol, for which the protocol itself would wait for ever.
    async fn has_first_octet(&self, stream: &TcpStream) -> bool {
        let peeked = tokio::time::timeout(self.limits.first_octet, stream.peek(&mut [0])).await;
        matches!(peeked, Ok(Ok(1)))
    }

    /// `None` when the client does not speak TLS as this server does, or not in time.
    async fn shake_hands<S>(&self, tls: &Tls, stream: S) -> Option<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        // Kept until the failure is counted, so that whoever sees the connection close can see the count.
        let mut accepting = tls.acceptor().accept(stream).into_fallible();
        let accepted = tokio::time::timeout(self.limits.handshake, &mut accepting).await;
        let _failed = match accepted {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err((error, stream))) => {
                tracing::debug!(%error, "a handshake of TLS failed");
                Some(stream)
            }
            Err(_) => {
                tracing::debug!("a handshake of TLS did not end in time");
                None
            }
        };
        self.metrics.refuse("tls_handshake");
        None
    }

    async fn serve<S>(&self, stream: S, caller: Option<Caller>, stopping: &CancellationToken, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let first = FirstRequest::default();
        let seen = first.clone();
        let counting = ServiceBuilder::new().map_request(move |request| {
            seen.came();
            Caller::mark(caller, request)
        });
        let service = TowerToHyperService::new(counting.service(self.router.clone()));
        let serving = async {
            // The watcher would end a connection that begins after the shutdown before it has read anything.
            if stopping.is_cancelled() {
                let mut protocol = auto::Builder::clone(&self.protocol);
                protocol.http1().keep_alive(false);
                return protocol.serve_connection(TokioIo::new(stream), service).await;
            }
            watcher.watch(self.protocol.serve_connection(TokioIo::new(stream), service).into_owned()).await
        };
        let limit = self.limits.header.saturating_mul(2);
        let lateness = async {
            first.is_late(limit).await;
            self.metrics.refuse("first_request");
        };
        tokio::select! {
            served = serving => if let Err(error) = served {
                tracing::debug!(error, "a connection ended early");
            },
            () = lateness => {}
        }
    }
}

/// Whether a connection had a request yet. The protocol itself waits for ever where it is not told yet, or
/// where HTTP/2 was begun and not gone on with.
#[derive(Clone, Default)]
struct FirstRequest(Arc<AtomicBool>);

impl FirstRequest {
    fn came(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Ends after `limit` unless there was one. The limit on each header of HTTP/1 is shorter.
    async fn is_late(&self, limit: Duration) {
        tokio::time::sleep(limit).await;
        if self.0.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}

/// One connection in the gauge.
struct Open(IntGauge);

impl Open {
    fn enter(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
