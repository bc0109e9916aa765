//! What clients learn when the store fails: what they can do about it, and nothing else.

use hockeypuck::http::HttpSettings;
use hockeypuck::storage::StorageError;
use http::StatusCode;
use std::time::Duration;

use super::scripted::{Failure, failing};
use super::world::{World, settings, text};

const ADDRESSES: [&str; 5] = [
    "/pks/lookup?op=get&search=alice@example.org",
    "/pks/lookup?op=hget&search=0123456789abcdef0123456789abcdef",
    "/pks/lookup?op=index&options=mr&search=alice@example.org",
    "/pks/stats",
    "/pks/health/ready",
];

/// A store that is busy, slow or away is not the client's fault and will pass: 503, try again.
#[tokio::test]
async fn passing_failures_say_so() {
    for error in [|| StorageError::Busy, || StorageError::Timeout, || StorageError::Unavailable(sqlx_error())] {
        let world = World::over(failing(Failure::Error(error)), settings());
        for address in ADDRESSES {
            let response = world.get(address).await;
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{address}");
            assert!(response.headers().contains_key("retry-after"), "{address}");
            assert!(!text(&response).contains("secret"), "{}", text(&response));
        }
    }
}

/// Other failures are the server's, and their text goes to the log only.
#[tokio::test]
async fn other_failures_keep_their_secrets() {
    for failure in [Failure::Error(|| StorageError::Database(sqlx_error())), Failure::Panic] {
        let world = World::over(failing(failure), settings());
        let response = world.get(ADDRESSES[0]).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let said = text(&response);
        assert!(said.starts_with("The server could not process the request.\n") && !said.contains("secret"), "{said}");
    }
}

/// A store that never answers does not hold a request for ever.
#[tokio::test]
async fn requests_have_a_deadline() {
    let deadline = Duration::from_millis(50);
    let limits = HttpSettings { request_deadline: deadline, health_deadline: deadline, ..settings() };
    let world = World::over(failing(Failure::Hang), limits);
    for address in ADDRESSES {
        let response = world.get(address).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{address}");
    }
    assert!(world.metrics.refused.with_label_values(&["request_deadline"]).get() >= 4);
    assert_eq!(world.metrics.in_flight.get(), 0);
}

fn sqlx_error() -> sqlx::Error {
    sqlx::Error::Protocol("secret".into())
}
