//! Names of requests.

use std::collections::HashSet;

use axum::body::Body;
use hockeypuck::storage::StorageError;
use http::Request;

use super::scripted::{Failure, failing};
use super::world::{World, settings, text};

fn request(id: &[u8]) -> Request<Body> {
    Request::get("/pks/stats").header("x-request-id", id).body(Body::empty()).unwrap()
}

/// A name that a client or proxy gave comes back, so that both sides tell of the same request.
#[tokio::test]
async fn given_names_come_back() {
    let world = World::new().await;
    for name in ["7", "01890c1e-7c1f-7b6c-8000-000000000000"] {
        assert_eq!(world.send(request(name.as_bytes())).await.headers()["x-request-id"], name);
    }
}

/// Requests without a name get one, and so do those with one that does not belong into a log.
#[tokio::test]
async fn other_requests_are_named() {
    let world = World::new().await;
    let mut names = HashSet::new();
    let too_long = "a".repeat(65);
    for bad in ["", "a b", "a=\"b\"", "alice@example.org", "\u{e4}", &too_long] {
        let name = world.send(request(bad.as_bytes())).await.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(name.len() == 16 && name.chars().all(|c| c.is_ascii_hexdigit()), "{name}");
        names.insert(name);
    }
    for address in ["/pks/stats", "/nowhere"] {
        let response = world.get(address).await;
        assert!(response.headers()["access-control-expose-headers"].to_str().unwrap().contains("X-Request-Id"));
        names.insert(response.headers()["x-request-id"].to_str().unwrap().to_owned());
    }
    assert_eq!(names.len(), 8);
}

/// Whoever reports a fault of the server can say which request it was; the answer tells nothing else.
#[tokio::test]
async fn faults_tell_the_name() {
    for failure in [Failure::Error(|| StorageError::Schema("no table certs".into())), Failure::Panic] {
        let world = World::over(failing(failure), settings());
        let response = world.send(request(b"seen-by-user")).await;
        assert_eq!(response.status(), 500);
        let expected = "The server could not process the request.\n\
                        If you report this, please tell that it was request seen-by-user.\n";
        assert_eq!(text(&response), expected);
    }
    let busy = World::over(failing(Failure::Error(|| StorageError::Busy)), settings());
    let response = busy.send(request(b"seen-by-user")).await;
    assert!(response.status() == 503 && !text(&response).contains("seen-by-user"));
}
