//! The access log: enough to run the server, nothing about who looked for whom.

use axum::body::Body;
use hockeypuck::storage::StorageError;
use http::Request;
use tracing::Level;
use tracing::instrument::WithSubscriber;

use super::records::record;
use super::scripted::{Failure, failing};
use super::world::{World, settings};
use crate::support::log::Log;

/// What is logged at info level while `world` answers `request`.
async fn logged(world: &World, request: Request<Body>) -> String {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).with_max_level(Level::INFO).finish();
    world.send(request).with_subscriber(subscriber).await;
    log.text()
}

fn request() -> Request<Body> {
    Request::get("/pks/lookup?op=get&search=alice@example.org")
        .header("user-agent", "curious/1.0")
        .header("x-forwarded-for", "192.0.2.7")
        .body(Body::empty())
        .unwrap()
}

/// One line a request with method, route, status and size, without search text, address or program.
#[tokio::test]
async fn requests_are_one_anonymous_line() {
    let world = World::holding([record(1, "Alice <alice@example.org>")]).await;
    let log = logged(&world, request()).await;
    assert_eq!(log.lines().count(), 1, "{log}");
    for word in ["GET", "/pks/lookup?op=get", "200", "duration_ms", "octets=149"] {
        assert!(log.contains(word), "{log}");
    }
    for word in ["alice", "192.0.2.7", "curious"] {
        assert!(!log.contains(word), "{log}");
    }
}

/// The cause of a failure is in the same line, which is all that an operator has.
#[tokio::test]
async fn failures_have_their_cause() {
    for (failure, cause) in [
        (Failure::Error(|| StorageError::Schema("no table certs".into())), "no table certs"),
        (Failure::Panic, "the scripted panic"),
    ] {
        let world = World::over(failing(failure), settings());
        let log = logged(&world, request()).await;
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("WARN") && log.contains(cause) && !log.contains("alice"), "{log}");
    }
}
