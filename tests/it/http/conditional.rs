//! Entity tags: who has an answer already is not sent it again.

use axum::body::Body;
use http::{Request, StatusCode};

use super::records::record;
use super::world::World;

const ADDRESSES: [&str; 7] = [
    "/pks/lookup?op=get&search=alice@example.org",
    "/pks/lookup?op=get&options=bin&search=alice@example.org",
    "/pks/lookup?op=index&options=mr&search=alice@example.org",
    "/pks/lookup?op=index&options=json&search=alice@example.org",
    "/pks/lookup?op=vindex&search=alice@example.org",
    "/",
    "/assets/style.css",
];

/// Every answer to a lookup has a strong tag of its own, and the tag spares the body.
#[tokio::test]
async fn tags_spare_the_body() {
    let world = World::holding([record(1, "Alice <alice@example.org>")]).await;
    let mut tags = std::collections::HashSet::new();
    for address in ADDRESSES {
        let response = world.get(address).await;
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"') && tags.insert(tag.clone()), "{address}: {tag}");
        assert!(response.headers().contains_key("cache-control"));
        for value in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
            let request = Request::get(address).header("if-none-match", &value).body(Body::empty()).unwrap();
            let response = world.send(request).await;
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{address}: {value}");
            assert_eq!(response.headers()["etag"], tag.as_str());
            assert!(response.body().is_empty() && response.headers().contains_key("cache-control"));
        }
        let request = Request::get(address).header("if-none-match", "\"other\"").body(Body::empty()).unwrap();
        assert_eq!(world.send(request).await.status(), StatusCode::OK);
    }
}

/// A certificate that joins the answer changes the tag.
#[tokio::test]
async fn a_change_changes_the_tag() {
    let world = World::holding([record(1, "Alice <alice@example.org>")]).await;
    let before = world.get(ADDRESSES[0]).await.headers()["etag"].clone();
    world.put([record(2, "Alice <alice@example.org>")]).await;
    assert_ne!(world.get(ADDRESSES[0]).await.headers()["etag"], before);
}
