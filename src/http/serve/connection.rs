//! One connection.

use std::sync::Arc;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use prometheus::IntGauge;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;

use super::super::Caller;
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
    limits: ServeLimits,
    metrics: HttpMetrics,
}

impl Server {
    pub(super) fn new(router: Router, limits: ServeLimits, metrics: HttpMetrics) -> Self {
        let mut protocol = auto::Builder::new(TokioExecutor::new());
        protocol.http1().timer(TokioTimer::new()).header_read_timeout(limits.header).max_buf_size(HEADER_OCTETS_LIMIT);
        protocol
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_LIMIT)
            .max_header_list_size(u32::try_from(HEADER_OCTETS_LIMIT).unwrap_or(u32::MAX))
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        Self { protocol: Arc::new(protocol), router, limits, metrics }
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
        let stream = TokioIo::new(WriteStall::new(stream, self.limits.write_stall));
        let router =
            ServiceBuilder::new().map_request(move |request| Caller::mark(caller, request)).service(self.router);
        let service = TowerToHyperService::new(router);
        // The watcher would end a connection that begins now before it has read anything.
        let served = if stopping.is_cancelled() {
            let mut protocol = auto::Builder::clone(&self.protocol);
            protocol.http1().keep_alive(false);
            protocol.serve_connection(stream, service).await
        } else {
            watcher.watch(self.protocol.serve_connection(stream, service).into_owned()).await
        };
        if let Err(error) = served {
            tracing::debug!(error, "a connection ended early");
        }
    }

    /// Ends a moment after the shutdown has begun: who has just connected is about to ask.
    async fn is_late(&self, stopping: &CancellationToken) {
        stopping.cancelled().await;
        tokio::time::sleep(self.limits.late_request).await;
    }

    /// The protocol is told from the first octets, for which the protocol itself would wait for ever.
    async fn has_first_octet(&self, stream: &TcpStream) -> bool {
        let peeked = tokio::time::timeout(self.limits.first_octet, stream.peek(&mut [0])).await;
        matches!(peeked, Ok(Ok(1)))
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
