//! Stopping while clients ask.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::database::Database;
use super::pod::Pod;
use crate::support::certs;
use crate::support::request::submit;
use crate::support::tools::run;

/// What Pebble allows before it kills.
const STOP_LIMIT: Duration = Duration::from_secs(5);
const CLIENTS: usize = 16;
/// Answers before the stop, so that it comes in the middle.
const WARM_UP: usize = 200;

/// What the clients saw.
#[derive(Default)]
struct Seen {
    answered: AtomicUsize,
    /// Connected, but not answered.
    failed: AtomicUsize,
    /// Not connected, because the service had gone.
    refused: AtomicUsize,
}

/// Whoever was connected when the service was told to stop is answered, and it is gone in time.
#[test]
fn no_request_fails_when_the_service_stops() {
    let database = Database::new();
    let route = database.route("127.0.0.1");
    let mut pod = Pod::new(&route);
    run(&mut pod.migration()).expect_success();
    pod.start();
    let owned = certs::small("<load@example.org>");
    assert_eq!(submit(pod.hkp(), &owned.packets()).unwrap().status, 200);
    let seen = Seen::default();
    let hkp = pod.hkp();
    let took = thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| ask_until_refused(hkp, &seen));
        }
        while seen.answered.load(Ordering::Relaxed) < WARM_UP {
            thread::yield_now();
        }
        let begun = Instant::now();
        pod.stop();
        begun.elapsed()
    });
    let [answered, failed, refused] = [&seen.answered, &seen.failed, &seen.refused].map(|n| n.load(Ordering::Relaxed));
    assert_eq!((failed, refused), (0, CLIENTS), "{answered} answered");
    assert!(took < STOP_LIMIT, "{took:?}");
}

/// One connection for each request, as gpg and scripts do.
fn ask_until_refused(hkp: SocketAddr, seen: &Seen) {
    loop {
        let Ok(mut stream) = TcpStream::connect(hkp) else {
            seen.refused.fetch_add(1, Ordering::Relaxed);
            return;
        };
        stream.set_read_timeout(Some(STOP_LIMIT)).unwrap();
        let head = "GET /pks/lookup?op=get&search=load@example.org HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let mut answer = String::new();
        let asked = stream.write_all(head.as_bytes()).and_then(|()| stream.read_to_string(&mut answer));
        let is_answered = asked.is_ok() && answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("-----\n");
        let counter = if is_answered { &seen.answered } else { &seen.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
