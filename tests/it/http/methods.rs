//! Methods, addresses and the headers that every answer has.

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use super::records::record;
use super::scripted::{Failure, failing};
use super::world::{World, settings};

const READ: [&str; 9] = [
    "/",
    "/assets/style.css",
    "/favicon.ico",
    "/robots.txt",
    "/pks/lookup?op=get&search=alice@example.org",
    "/pks/stats?options=json",
    "/pks/health",
    "/pks/health/live",
    "/pks/health/ready",
];
const WRITTEN: [&str; 4] = ["/pks/add", "/pks/delete", "/pks/replace", "/pks/hashquery"];

fn assert_common(response: &Response<Bytes>, context: &str) {
    let headers = response.headers();
    assert_eq!(headers["access-control-allow-origin"], "*", "{context}");
    assert_eq!(headers["server"], "Hockeypuck/9.9", "{context}");
    assert_eq!(headers["x-content-type-options"], "nosniff", "{context}");
    assert!(headers.contains_key("cache-control"), "{context}");
}

async fn world() -> World {
    World::holding([record(1, "Alice <alice@example.org>")]).await
}

/// HEAD tells the same as GET, without the body.
#[tokio::test]
async fn head_has_the_headers_of_get() {
    let world = world().await;
    for address in READ {
        let [mut get, mut head] = [world.get(address).await, world.call(Method::HEAD, address).await];
        assert_eq!(get.status(), StatusCode::OK, "{address}");
        // The one header that no two answers share.
        assert_ne!(get.headers_mut().remove("x-request-id"), head.headers_mut().remove("x-request-id"));
        assert_eq!((head.status(), head.headers()), (get.status(), get.headers()), "{address}");
        assert!(head.body().is_empty() && !get.body().is_empty(), "{address}");
        assert_eq!(get.headers()["content-length"], get.body().len().to_string(), "{address}");
    }
}

/// OPTIONS names the methods everywhere, and answers what browsers ask before they send.
#[tokio::test]
async fn options_name_the_methods() {
    let world = world().await;
    let reads = READ.map(|address| (address, "GET, HEAD, OPTIONS", false));
    let writes = WRITTEN.map(|address| (address, "POST, OPTIONS", true));
    for (address, methods, accepts) in reads.into_iter().chain(writes) {
        let response = world.call(Method::OPTIONS, address).await;
        assert_eq!(response.status(), StatusCode::OK, "{address}");
        assert_eq!(response.headers()["allow"], methods, "{address}");
        assert_eq!(response.headers().contains_key("accept"), accepts, "{address}");
        assert!(response.body().is_empty());
        let preflight = Request::options(address).header("access-control-request-method", "POST");
        let response = world.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(response.headers()["access-control-allow-methods"], methods, "{address}");
        assert_eq!(response.headers()["access-control-allow-headers"], "*", "{address}");
        assert!(response.headers().contains_key("access-control-max-age"), "{address}");
    }
}

/// A wrong method is told the right ones.
#[tokio::test]
async fn other_methods_are_refused() {
    let world = world().await;
    for (method, address, allowed) in [
        (Method::POST, "/pks/lookup", "GET, HEAD, OPTIONS"),
        (Method::DELETE, "/", "GET, HEAD, OPTIONS"),
        (Method::GET, "/pks/add", "POST, OPTIONS"),
        (Method::HEAD, "/pks/hashquery", "POST, OPTIONS"),
        (Method::PUT, "/pks/add", "POST, OPTIONS"),
    ] {
        let response = world.call(method, address).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{address}");
        assert_eq!(response.headers()["allow"], allowed, "{address}");
    }
}

/// Scripts of every site may read every answer, errors and panics included.
#[tokio::test]
async fn every_answer_has_the_common_headers() {
    let world = world().await;
    for address in READ.into_iter().chain(["/nothing", "/pks/lookup", "/pks/add", "/pks/lookup?op=get&search=x@y"]) {
        assert_common(&world.get(address).await, address);
        assert_common(&world.call(Method::OPTIONS, address).await, address);
    }
    let large = world.post("/pks/hashquery", "sks/hashquery", vec![0; 300_000]).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_common(&large, "413");
    let panicking = World::over(failing(Failure::Panic), settings());
    let response = panicking.get("/pks/lookup?op=get&search=alice@example.org").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_common(&response, "panic");
}

/// Careless addresses are answered where they are, because many clients do not follow a redirect.
#[tokio::test]
async fn careless_addresses_are_answered() {
    let world = world().await;
    let query = "?op=get&search=alice@example.org";
    let expected = world.get(&format!("/pks/lookup{query}")).await;
    for path in ["/pks/lookup/", "//pks/lookup", "/pks//lookup", "/PKS/Lookup", "/pks/lookup//"] {
        let response = world.get(&format!("{path}{query}")).await;
        assert_eq!((response.status(), response.body()), (StatusCode::OK, expected.body()), "{path}");
    }
    for path in ["/pks", "/pks/lookups", "/pks/lookup/x", "/.well-known/", "/pks/lookup%2f"] {
        assert_eq!(world.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
