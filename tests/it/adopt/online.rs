//! A server that is looked up from, killed and started again while it takes over.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::backend::{Backend, runtime};
use crate::support::certificates::split;
use crate::support::hockeypuck::{Release, Source, SourceRow, certificates, digest};
use crate::support::request;
use crate::support::server::Server;

const CERTIFICATES: u32 = 10_000;
const CLIENTS: usize = 8;
/// Rows that have been read when the server is killed.
const KILLS: [u64; 2] = [1500, 5000];
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Of a client after each lookup: eight that never pause leave the machine no time for anything else.
const PAUSE: Duration = Duration::from_millis(30);

/// The clients, and what they know of the server.
#[derive(Default)]
struct Clients {
    /// The starts and ends of the server; odd while it is up.
    generation: AtomicUsize,
    has_ended: AtomicBool,
    lookups: AtomicUsize,
}

impl Clients {
    /// Looks certificates up, each client others, until told to end. Whatever a running server answers must be the
    /// certificate, as it was in the source.
    fn run(&self, client: usize, server: SocketAddr, rows: &[SourceRow]) {
        let _end_with_me = EndOnPanic(self);
        // A stride that meets every row once.
        let mut at = client * 1249;
        while !self.has_ended.load(Ordering::Acquire) {
            at += 7919;
            let row = &rows[at % rows.len()];
            let generation = self.generation.load(Ordering::Acquire);
            let target = format!("/pks/lookup?op=get&options=bin&search={}", searched(row, at));
            match request::get(server, &target) {
                Ok(answer) => {
                    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
                    assert_eq!(digest(&split(&answer.body)), row.md5, "{target}");
                    self.lookups.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(PAUSE);
                }
                Err(error) => {
                    let is_up = generation % 2 == 1 && self.generation.load(Ordering::Acquire) == generation;
                    assert!(!is_up, "{target}: {error}");
                    thread::sleep(LOOK_EVERY);
                }
            }
        }
    }

    fn turn(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }
}

/// By fingerprint, key ID or address.
fn searched(row: &SourceRow, at: usize) -> String {
    match at % 3 {
        0 => format!("0x{}", row.fingerprint),
        1 => format!("0x{}", &row.fingerprint[24..]),
        _ => row.user_ids[0].split(['<', '>']).nth(1).unwrap().to_owned(),
    }
}

/// Makes the whole test end when one client fails.
struct EndOnPanic<'a>(&'a Clients);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.has_ended.store(true, Ordering::Release);
        }
    }
}

/// A number that the database answers, once it is as `wanted`.
fn wait(source: &Source, clients: &Clients, query: &str, wanted: impl Fn(u64) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    runtime().block_on(async {
        loop {
            let number = source.text(query).await.parse().unwrap();
            if wanted(number) {
                return;
            }
            assert!(Instant::now() < deadline, "{query}: {number}");
            assert!(!clients.has_ended.load(Ordering::Acquire), "a client has ended early");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
}

/// Ten thousand certificates are taken over while eight clients look them up: no lookup fails, every digest is that
/// of the source, the server is killed twice and goes on where it was, and the tables are as before.
#[test]
fn a_database_is_taken_over_online() {
    let (source, rows) = runtime().block_on(async {
        let source = Source::create(&Backend::postgres_async().await.url(), Release::V24).await;
        let rows = source.put(&certificates(CERTIFICATES)).await;
        (source, rows)
    });
    let before = runtime().block_on(source.checksum());
    let mut server = Server::start(Backend::Postgres(source.url.clone()));
    let (clients, address) = (Clients::default(), server.address());
    thread::scope(|scope| {
        let (clients, rows) = (&clients, rows.as_slice());
        clients.turn();
        for client in 0..CLIENTS {
            scope.spawn(move || clients.run(client, address, rows));
        }
        let ending = End(clients);
        for read in KILLS {
            wait(&source, clients, "SELECT max(read)::text FROM adoptions", |number| number >= read);
            clients.turn();
            server.kill();
            server.restart();
            clients.turn();
        }
        wait(&source, clients, "SELECT count(*)::text FROM adoptions WHERE finished_at IS NULL", |number| number == 0);
        drop(ending);
    });
    assert!(clients.lookups.load(Ordering::Relaxed) > 100);
    runtime().block_on(async {
        let equal = "SELECT count(*)::text FROM keys AS k JOIN certs AS c ON c.digest_v24 = decode(k.md5, 'hex')
            AND c.digest_v23 = c.digest_v24 AND c.fingerprint = decode(reverse(k.rfingerprint), 'hex')";
        assert_eq!(source.text(equal).await, CERTIFICATES.to_string());
        let account = "SELECT read || ' ' || inserted + unchanged || ' ' || updated + rejected FROM adoptions";
        assert_eq!(source.text(account).await, format!("{CERTIFICATES} {CERTIFICATES} 0"));
        assert_eq!(source.checksum().await, before, "nothing of Hockeypuck's was touched");
    });
    assert!(server.stop().success());
}

struct End<'a>(&'a Clients);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.has_ended.store(true, Ordering::Release);
    }
}
