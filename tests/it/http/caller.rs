//! Who may search for words where strangers may not.

use std::net::SocketAddr;

use axum::body::Body;
use hockeypuck::domain::search::TextSearch;
use hockeypuck::http::{Caller, HttpSettings};
use http::{Request, StatusCode};

use super::records::record;
use super::world::{World, settings, text};

/// On a server that only one address of this machine, and a network, may search for words.
async fn world(text_search: Option<TextSearch>) -> World {
    let networks = ["127.0.0.1/32", "192.0.2.0/24"].map(|network| network.parse().unwrap());
    let settings = HttpSettings { text_search, inexact_from: networks.to_vec(), ..settings() };
    let world = World::with_settings(settings).await;
    world.put([record(1, "Alice <alice@example.org>")]).await;
    world
}

/// The status of a request from `caller` with these headers; `None` for a caller that is not known.
async fn status(world: &World, caller: Option<&str>, query: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = Request::get(format!("/pks/lookup?{query}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(address) = caller {
        request = request.extension(Caller::new(address.parse::<SocketAddr>().unwrap()));
    }
    let response = world.send(request.body(Body::empty()).unwrap()).await;
    assert!(response.status() != 200 || !text(&response).is_empty());
    response.status()
}

const WORD: &str = "op=get&search=alice";
const LOCAL: (&str, &str) = ("host", "127.0.0.1:11371");

/// A word finds a certificate for those who call from the configured addresses, in every operation, and for nobody else.
#[tokio::test]
async fn words_are_for_configured_addresses() {
    let world = world(Some(TextSearch::Exact)).await;
    for (caller, expected) in [
        (Some("127.0.0.1:5000"), 200),
        (Some("[::ffff:127.0.0.1]:5000"), 200),
        (Some("192.0.2.77:5000"), 200),
        (Some("127.0.0.2:5000"), 404),
        (Some("[::1]:5000"), 404),
        (Some("192.0.3.1:5000"), 404),
        (None, 404),
    ] {
        for query in [WORD, "op=index&search=alice", "op=vindex&options=mr&search=alice"] {
            assert_eq!(status(&world, caller, query, &[LOCAL]).await, expected, "{caller:?} {query}");
        }
        assert_eq!(status(&world, caller, "op=get&search=alice@example.org", &[LOCAL]).await, 200);
        assert_eq!(status(&world, caller, "op=get&search=bob", &[LOCAL]).await, 404);
        assert_eq!(status(&world, caller, "op=get&search=alice&exact=on", &[LOCAL]).await, 404);
    }
}

/// What a proxy on one of these addresses passes on is the request of a stranger.
#[tokio::test]
async fn what_is_passed_on_is_not_trusted() {
    let world = world(Some(TextSearch::Exact)).await;
    for header in [
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Server",
        "Forwarded",
        "Via",
        "X-Real-IP",
        "CF-Connecting-IP",
        "True-Client-IP",
    ] {
        for (caller, value) in [("127.0.0.1:5000", "127.0.0.1"), ("192.0.2.77:5000", "")] {
            assert_eq!(status(&world, Some(caller), WORD, &[LOCAL, (header, value)]).await, 404, "{header} {caller}");
        }
    }
}

/// A proxy on this machine that adds nothing is known by the name of the host, which strangers ask for.
#[tokio::test]
async fn on_this_machine_the_host_is_this_machine() {
    let world = world(Some(TextSearch::Exact)).await;
    for (host, expected) in [
        ("127.0.0.1", 200),
        ("localhost:8080", 200),
        ("[::1]:11371", 200),
        ("keys.example.org", 404),
        ("127.0.0.1.example.org", 404),
        ("192.0.2.1:11371", 404),
        ("", 404),
    ] {
        assert_eq!(status(&world, Some("127.0.0.1:5000"), WORD, &[("host", host)]).await, expected, "{host}");
    }
    assert_eq!(status(&world, Some("127.0.0.1:5000"), WORD, &[]).await, 404, "no host");
    let two = [LOCAL, ("host", "keys.example.org")];
    assert_eq!(status(&world, Some("127.0.0.1:5000"), WORD, &two).await, 404, "two hosts");
    assert_eq!(status(&world, Some("192.0.2.77:5000"), WORD, &[("host", "keys.example.org")]).await, 200);
}

/// Where text search is off, it is off for all; where words are for everybody, nothing changes.
#[tokio::test]
async fn the_search_mode_goes_first() {
    for (mode, expected) in [(None, 501), (Some(TextSearch::Keywords), 200)] {
        let world = world(mode).await;
        assert_eq!(status(&world, Some("127.0.0.1:5000"), WORD, &[LOCAL]).await, expected, "{mode:?}");
        assert_eq!(status(&world, Some("127.0.0.2:5000"), WORD, &[LOCAL]).await, expected, "{mode:?}");
    }
}

/// The limit on matches holds for everybody.
#[tokio::test]
async fn the_limit_on_matches_holds() {
    let world = world(Some(TextSearch::Exact)).await;
    world.put((2..=102).map(|seed| record(seed, &format!("n{seed} <n{seed}@example.org>")))).await;
    assert_eq!(status(&world, Some("127.0.0.1:5000"), "op=get&search=example.org", &[LOCAL]).await, 413);
}
