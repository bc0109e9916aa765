//! `/pks/hashquery`, which peers fetch certificates with.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::records::{packets, record, record_v6};
use super::world::{World, text};

async fn query(world: &World, body: Vec<u8>) -> Response<Bytes> {
    world.post("/pks/hashquery", "sks/hashquery", body).await
}

fn request(digests: &[[u8; 16]]) -> Vec<u8> {
    let mut body = u32::try_from(digests.len()).unwrap().to_be_bytes().to_vec();
    for digest in digests {
        body.extend(16u32.to_be_bytes());
        body.extend(digest);
    }
    body
}

/// The certificates that are there, each once, in frames, with a known length; no others.
#[tokio::test]
async fn known_digests_are_answered() {
    let world = World::holding([record(1, "a <a@b.c>"), record_v6(2, "b <b@b.c>"), record(3, "c <c@b.c>")]).await;
    let response = query(&world, request(&[[1; 16], [9; 16], [2; 16], [1; 16]])).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "pgp/keys");
    assert_eq!(response.headers()["content-length"], response.body().len().to_string());
    let body = response.body();
    assert_eq!(body[..4], 2u32.to_be_bytes());
    assert!(body.ends_with(b"\r\n"));
    let frame =
        |packets: Bytes| [u32::try_from(packets.len()).unwrap().to_be_bytes().to_vec(), packets.to_vec()].concat();
    let (one, two) = (frame(packets(1)), frame(packets(2)));
    let middle = &body[4..body.len() - 2];
    assert!(middle == [one.clone(), two.clone()].concat() || middle == [two, one].concat());
}

/// Nothing asked for and nothing found are both an empty list.
#[tokio::test]
async fn nothing_is_an_empty_list() {
    let world = World::new().await;
    for body in [request(&[]), request(&[[7; 16]]), [request(&[[7; 16]]), b"trailing".to_vec()].concat()] {
        assert_eq!(query(&world, body).await.body().as_ref(), b"\0\0\0\0\r\n");
    }
}

/// Counts and lengths that lie are refused before anything is set aside for them.
#[tokio::test]
async fn lies_are_refused() {
    let world = World::new().await;
    let huge = u32::MAX.to_be_bytes();
    for (body, words) in [
        (vec![], "ends before"),
        (vec![0, 0, 0], "ends before"),
        (1u32.to_be_bytes().to_vec(), "ends before"),
        (request(&[[1; 16]])[..23].to_vec(), "ends before"),
        ([2u32.to_be_bytes().to_vec(), request(&[[1; 16]])[4..].to_vec()].concat(), "ends before"),
        (huge.to_vec(), "at most 10000"),
        (10_001u32.to_be_bytes().to_vec(), "at most 10000"),
        ([1u32.to_be_bytes(), huge].concat(), "16 octets"),
        ([1u32.to_be_bytes(), 15u32.to_be_bytes()].concat(), "16 octets"),
        ([1u32.to_be_bytes(), 0u32.to_be_bytes()].concat(), "16 octets"),
    ] {
        let response = query(&world, body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{}", text(&response));
        assert!(text(&response).contains(words), "{}", text(&response));
    }
    let largest = request(&vec![[1; 16]; 10_000]);
    assert_eq!(query(&world, largest.clone()).await.status(), StatusCode::OK);
    let response = query(&world, [largest, vec![0]].concat()).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}
