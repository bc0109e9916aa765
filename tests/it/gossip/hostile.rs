//! Peers that do not keep to the protocol, over real sockets. What their sessions may cost is tested where the
//! sessions are; here, that they end and that nobody else notices.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use hockeypuck::domain::Profile;

use super::world::{Place, Plan, Unit, certificates, converge, union};
use crate::support::backend::Backend;

/// Longer than any step of a handshake may take.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// How often a script is played until its answer arrives.
const ATTEMPTS: u32 = 50;

/// What a peer says at once, and the words with which it is answered, if there are any.
const SCRIPTS: &[(&str, &[u8], &str)] = &[
    ("another protocol", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""),
    ("a frame of four gigabytes", b"\xff\xff\xff\xff\x0a", ""),
    ("an empty frame", b"\0\0\0\0", ""),
    ("a message out of turn", b"\0\0\0\x01\x05", ""),
    ("a configuration that ends early", b"\0\0\0\x09\x0a\0\0\0\x05\0\0\0\x07", ""),
    ("a configuration without end", b"\0\0\0\x05\x0a\xff\xff\xff\xff", ""),
    (
        "other filters",
        b"\0\0\0\x70\x0a\0\0\0\x05\
          \0\0\0\x07version\0\0\0\x051.1.6\
          \0\0\0\x09http port\0\0\0\x04\0\0\x2c\x6b\
          \0\0\0\x0abitquantum\0\0\0\x04\0\0\0\x02\
          \0\0\0\x04mbar\0\0\0\x04\0\0\0\x05\
          \0\0\0\x07filters\0\0\0\x0dyminsky.other",
        "mismatched filters",
    ),
];

/// Plays a script; answers what came back until the other side closed.
fn play(address: SocketAddr, script: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SILENCE_LIMIT)).unwrap();
    // The other side may close before it has read all.
    stream.write_all(script).ok();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
    }
    answer
}

/// A server that lets anybody on this machine open sessions, and a partner of it.
async fn open_server_and_partner() -> (Unit, Unit) {
    let [open, partner] = [Place::new(), Place::new()];
    let open = Plan::new(open, Backend::sqlite()).set("CONFLUX_RECON_ALLOWCIDRS", "127.0.0.0/8");
    let open = open.set("CONFLUX_RECON_MAXSESSIONSPERPARTNER", "3").awaited_partner("GOOD", partner).start().await;
    let partner = Plan::new(partner, Backend::sqlite()).partner("OPEN", open.place).start().await;
    (open, partner)
}

/// Whatever a peer says, its session ends, the server goes on, and partners reconcile meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn rule_breakers_are_shown_out() {
    let (open, partner) = open_server_and_partner().await;
    let address = open.place.recon;
    let playing = tokio::task::spawn_blocking(move || {
        for (name, script, expected) in SCRIPTS {
            // A reset may overtake the answer, and the partner, who has the same address, may have all places.
            let answers = || String::from_utf8_lossy(&play(address, script)).contains(expected);
            assert!((0..ATTEMPTS).any(|_| answers()), "{name} is not answered with {expected:?}");
        }
    });
    open.submit(&certificates("open", 20)).await;
    partner.submit(&certificates("partner", 20)).await;
    let expected = union(&[&open, &partner], Profile::V24).await;
    converge(&[&open, &partner], Profile::V24, &expected).await;
    playing.await.unwrap();
    open.assert_index_is_true().await;
    open.stop().await;
    partner.stop().await;
}

/// Whoever is no partner is shown out without a word, and connections that say nothing are ended.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_the_silent_get_nothing() {
    let closed = Plan::new(Place::new(), Backend::sqlite());
    let closed = closed.set("CONFLUX_RECON_PARTNER_FAR_RECONADDR", "192.0.2.1:11370");
    let closed = closed.set("CONFLUX_RECON_PARTNER_FAR_WEIGHT", "-1").start().await;
    let (address, config) = (closed.place.recon, SCRIPTS.last().unwrap().1);
    let answer = tokio::task::spawn_blocking(move || play(address, config)).await.unwrap();
    assert_eq!(answer, b"", "a stranger");
    closed.stop().await;
    let (open, partner) = open_server_and_partner().await;
    let address = open.place.recon;
    let silent = tokio::task::spawn_blocking(move || play(address, b"\0\0")).await.unwrap();
    assert!(!String::from_utf8_lossy(&silent).contains("passed"), "{silent:?}");
    open.stop().await;
    partner.stop().await;
}
