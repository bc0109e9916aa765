//! What a stranger can cause has limits, and each counts when it is reached.
#![expect(clippy::disallowed_methods, reason = "each test stops what it starts")]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hockeypuck::http::HttpSettings;
use http::{Request, StatusCode};
use http_body::Frame;

use super::scripted::{Failure, failing};
use super::world::{World, send, settings, text};

const FORM: &str = "application/x-www-form-urlencoded";

fn refused(world: &World, reason: &str) -> u64 {
    world.metrics.refused.with_label_values(&[reason]).get()
}

/// A body over the limit is refused, by its announced length or by what arrives, and told the limit.
#[tokio::test]
async fn large_bodies_are_refused() {
    let world = World::with_settings(HttpSettings { body_octets_limit: 100, ..settings() }).await;
    let chunks = Body::new(Arriving { chunks: vec![Bytes::from(vec![b'a'; 60]); 2], ends: true });
    let announced = Request::post("/pks/add").header("content-type", FORM).header("content-length", "101");
    for request in [
        announced.body(Body::from("keytext=")).unwrap(),
        Request::post("/pks/add").header("content-type", FORM).body(chunks).unwrap(),
    ] {
        let response = world.send(request).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(text(&response), "The request body is too large; the limit is 100 octets.\n");
    }
    assert_eq!(refused(&world, "body_size"), 2);
}

/// A body that does not arrive is waited for only so long.
#[tokio::test]
async fn slow_bodies_are_refused() {
    let world = World::with_settings(HttpSettings { body_deadline: Duration::from_millis(20), ..settings() }).await;
    let never = Body::new(Arriving { chunks: vec![Bytes::from_static(b"abc")], ends: false });
    let response = world.send(Request::post("/pks/hashquery").body(never).unwrap()).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(refused(&world, "body_deadline"), 1);
}

/// All bodies together have a limit; who exceeds it may come again.
#[tokio::test]
async fn bodies_share_a_limit() {
    let limits = HttpSettings { body_octets_limit: 100, body_octets_total: 150, ..settings() };
    let world = World::over(failing(Failure::Hang), HttpSettings { body_deadline: Duration::from_secs(60), ..limits });
    let request = || {
        let digests = [&4u32.to_be_bytes()[..], &[[0, 0, 0, 16].as_slice(), &[1; 16]].concat().repeat(4)].concat();
        Request::post("/pks/hashquery").body(Body::from(digests)).unwrap()
    };
    let router = world.router.clone();
    let first = tokio::spawn(async move { send(&router, request()).await });
    while world.metrics.in_flight.get() < 1 {
        tokio::task::yield_now().await;
    }
    let response = world.send(request()).await;
    first.abort();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(refused(&world, "body_memory"), 1);
}

/// Requests over the limit are refused at once and never wait.
#[tokio::test]
async fn requests_have_a_limit() {
    let world = World::over(failing(Failure::Hang), HttpSettings { request_limit: 1, ..settings() });
    let router = world.router.clone();
    let get = || Request::get("/pks/stats").body(Body::empty()).unwrap();
    let first = tokio::spawn(async move { send(&router, get()).await });
    while world.metrics.in_flight.get() < 1 {
        tokio::task::yield_now().await;
    }
    let response = world.send(get()).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused(&world, "requests"), 1);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(world.metrics.in_flight.get(), 0);
    assert_eq!(world.metrics.requests.with_label_values(&["/pks/stats", "GET", "cancelled"]).get(), 1);
}

/// A body of unknown length that arrives in chunks, and may never end.
struct Arriving {
    chunks: Vec<Bytes>,
    ends: bool,
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.chunks.pop() {
            Some(chunk) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            None if self.ends => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}
