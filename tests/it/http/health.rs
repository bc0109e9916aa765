//! Health checks.

use hockeypuck::storage::StorageError;

use super::scripted::{Failure, failing};
use super::world::{World, settings, text};

/// Probes read two octets when all is well.
#[tokio::test]
async fn a_working_server_is_healthy() {
    let world = World::new().await;
    for address in ["/pks/health", "/pks/health/live", "/pks/health/ready"] {
        let response = world.get(address).await;
        assert_eq!((response.status().as_u16(), text(&response)), (200, "OK"), "{address}");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}

/// Without its store the process lives, but must get no requests.
#[tokio::test]
async fn a_server_without_store_is_alive_but_not_ready() {
    let world = World::over(failing(Failure::Error(|| StorageError::Schema("no tables".into()))), settings());
    for (address, status) in [("/pks/health", 503), ("/pks/health/live", 200), ("/pks/health/ready", 503)] {
        assert_eq!(world.get(address).await.status(), status, "{address}");
    }
    let response = world.get("/pks/health").await;
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(text(&response), "The database is not ready.\n");
}
