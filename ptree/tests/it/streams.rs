//! Sessions over asynchronous streams.

use std::time::Duration;

use ptree::net::{self, Budget, Deadline, Limits, Outcome, SessionError, Side, Transport};
use ptree::testing::{FILTERS, OFFER, Random, chosen, only, tree};
use ptree::wire::{Message, Text};
use ptree::{Prefix, Tree};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use crate::support::{Set, encoded, full, handshake};

async fn accept(stream: DuplexStream, set: &Set) -> Outcome {
    let choose = |peer: &net::PeerConfig| {
        assert_eq!((peer.filters.as_str(), peer.http_port), (FILTERS, 11371));
        Ok(chosen(&tree(set)))
    };
    net::accept(stream, &OFFER, choose, &Limits::default()).await
}

async fn initiate(stream: DuplexStream, set: &Set) -> Outcome {
    let mut random = Random::new(2);
    net::initiate(stream, &OFFER, chosen(&tree(set)), &Limits::default(), move || random.number()).await
}

/// Two servers find all differences, however little the connection takes at once: neither waits for the
/// other to read before it reads.
#[tokio::test(start_paused = true)]
async fn two_servers_reconcile() {
    let [one, other] = Random::new(61).two_sets(5000, [300, 500]);
    for buffer in [1, 100, 1 << 16] {
        let (left, right) = duplex(buffer);
        let (lead, follow) = tokio::join!(accept(left, &one), initiate(right, &other));
        assert_eq!((&lead.result, &follow.result), (&Ok(()), &Ok(())), "{buffer}");
        assert_eq!(lead.learned, only(&other, &one), "{buffer}");
        assert_eq!(follow.learned, only(&one, &other), "{buffer}");
        assert_eq!(lead.work.octets_in, follow.work.octets_out, "{buffer}");
        assert_eq!(lead.work.octets_out, follow.work.octets_in, "{buffer}");
    }
}

/// A refused peer reads why.
#[tokio::test(start_paused = true)]
async fn a_refused_peer_reads_why() {
    let (left, right) = duplex(1 << 16);
    let limits = Limits::default();
    let set = Set::new();
    let refuse = net::refuse(left, &OFFER, "too many sessions, come again", &limits);
    let (ours, theirs) = tokio::join!(refuse, initiate(right, &set));
    assert!(matches!(ours.result, Err(SessionError::Incompatible { by: Side::Ours, .. })));
    let told = SessionError::Incompatible { by: Side::Peer, reason: Text::new("too many sessions, come again") };
    assert_eq!(theirs.result, Err(told));
}

/// The words of a refusal arrive although the peer never reads the other side's first.
#[tokio::test(start_paused = true)]
async fn the_words_of_a_refusal_arrive() {
    let (left, mut right) = duplex(1 << 16);
    let peer = async {
        right.write_all(&handshake()).await.unwrap();
        let mut read = Vec::new();
        right.read_to_end(&mut read).await.unwrap();
        String::from_utf8_lossy(&read).contains("failed\0\0\0\u{1d}too many sessions, come again")
    };
    let limits = Limits::default();
    let (_, arrived) = tokio::join!(net::refuse(left, &OFFER, "too many sessions, come again", &limits), peer);
    assert!(arrived);
}

/// A peer that closes at once, one that speaks another protocol and one that says nothing are told apart.
#[tokio::test(start_paused = true)]
async fn strangers_are_told_apart() {
    let (left, right) = duplex(64);
    drop(right);
    assert_eq!(accept(left, &Set::new()).await.result, Err(Transport::Silent.into()));
    let (left, mut right) = duplex(64);
    right.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let outcome = accept(left, &Set::new()).await;
    assert_eq!(outcome.result, Err(Budget::Frame(u32::from_be_bytes(*b"GET ")).into()));
    let (left, _right) = duplex(64);
    let outcome = accept(left, &Set::new()).await;
    assert_eq!(outcome.result, Err(Deadline::Handshake.into()));
    assert_eq!(outcome.work.duration, Limits::default().handshake);
}

/// A peer that asks and never reads is given up, and has not been read without an end.
#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_given_up() {
    let set = Random::new(62).elements(5000);
    let (left, mut right) = duplex(4096);
    let peer = async {
        let request = [encoded(&full(&Set::new(), Prefix::ROOT)), encoded(&Message::Flush)].concat();
        right.write_all(&handshake()).await.unwrap();
        while right.write_all(&request).await.is_ok() {}
    };
    let (outcome, ()) = tokio::join!(initiate(left, &set), peer);
    assert_eq!(outcome.result, Err(Deadline::Writing.into()));
    assert!(outcome.work.octets_in < 100_000, "{}", outcome.work.octets_in);
}

/// A peer that goes away in the middle leaves what was learned until then.
#[tokio::test(start_paused = true)]
async fn what_was_learned_is_kept() {
    let (left, mut right) = duplex(1 << 16);
    let news = Random::new(63).elements(3);
    let peer = async {
        right.write_all(&handshake()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        right.write_all(&encoded(&Message::SyncFail)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let part = news.iter().copied().filter(|element| element.digest()[0] < 0x40).collect();
        right.write_all(&encoded(&Message::Elements(part))).await.unwrap();
        drop(right);
    };
    let own = Set::new();
    let (outcome, ()) = tokio::join!(accept(left, &own), peer);
    assert_eq!(outcome.result, Err(Transport::Early.into()));
    assert_eq!(outcome.learned, news.iter().copied().filter(|e| e.digest()[0] < 0x40).collect::<Vec<_>>());
    assert!(outcome.peer.is_some());
}

/// A session needs little memory of its caller's task, and may run on any thread.
#[test]
fn the_futures_are_small_and_may_move() {
    fn measure<F: Future + Send>(future: &F) -> usize {
        size_of_val(future)
    }
    let (left, right) = duplex(64);
    let limits = Limits::default();
    let accept = net::accept(left, &OFFER, |_| Ok(chosen(&Tree::new())), &limits);
    let initiate = net::initiate(right, &OFFER, chosen(&Tree::new()), &limits, || 0);
    let (accept, initiate) = (measure(&accept), measure(&initiate));
    assert!(accept < 8192 && initiate < 8192, "{accept} {initiate}");
}
