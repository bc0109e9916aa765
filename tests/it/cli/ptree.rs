//! `ptree`: beside running servers, and without any.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::keyrings::certificates;
use crate::support::backend::{Backend, on_each_backend, runtime};
use crate::support::ptree::{objects, process, run, trees};
use crate::support::request;
use crate::support::server::Server;
use crate::support::store::execute;

/// How long a busy machine may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Certificates in each store.
const COUNT: usize = 5;

/// A server with certificates; `reconciles` says whether it keeps trees.
fn serve(store: &Backend, reconciles: bool) -> Server {
    let server = Server::start_with(store.clone(), if reconciles { &[("RECON_BIND", "127.0.0.1:0")] } else { &[] });
    let submitted = request::submit(server.address(), &certificates()[..COUNT].concat()).unwrap();
    assert_eq!(submitted.status, 200, "{}", submitted.text());
    server
}

/// The answers once this server answers with its trees.
fn answers_of(server: &Server, store: &Backend) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (answers, code) = objects(store, "stats");
        if code == Some(0) && answers.iter().any(|answer| process(answer) == Some(server.id())) {
            return answers;
        }
        assert!(Instant::now() < deadline, "{answers:?}");
    }
}

/// Changes the digest of one certificate behind everybody's back.
fn alter(store: &Backend) {
    let digest = "5a".repeat(16);
    let literal = if matches!(store, Backend::Sqlite(_)) { format!("x'{digest}'") } else { format!("'\\x{digest}'") };
    let statement = format!("UPDATE certs SET digest_v24 = {literal} WHERE id = (SELECT min(id) FROM certs)");
    runtime().block_on(execute(&store.url(), &statement));
}

/// Without a server the commands make trees of their own, and say so.
#[test]
fn trees_are_made_without_a_server() {
    on_each_backend(|store| {
        // It does not reconcile, so that it is none that keeps trees.
        let mut server = serve(&store, false);
        server.stop();
        for (action, member) in [("stats", "octets"), ("rebuild", "elements"), ("check", "stored")] {
            let (answers, code) = objects(&store, action);
            assert_eq!((answers.len(), code), (1, Some(0)), "{action} {answers:?}");
            assert_eq!(process(&answers[0]), None);
            assert_eq!(trees(&answers[0], "elements"), [COUNT, COUNT]);
            assert!(trees(&answers[0], member).iter().all(|number| number.as_u64() > Some(0)), "{answers:?}");
            assert!(answers[0]["position"].as_i64() >= Some(2 * i64::try_from(COUNT).unwrap()), "{answers:?}");
            let said = run(&store, &[action]).expect_success();
            assert!(said.starts_with("no server runs; from the database: profile 2.3: 5 digests"), "{said}");
        }
    });
}

/// A running server answers with its own trees, and lookups go on while it makes them anew.
#[test]
fn a_server_is_asked() {
    on_each_backend(|store| {
        let server = serve(&store, true);
        let stats = answers_of(&server, &store);
        assert_eq!(stats.len(), 1);
        assert!(trees(&stats[0], "octets").iter().all(|octets| octets.as_u64() > Some(0)), "{stats:?}");
        let (checked, code) = objects(&store, "check");
        assert_eq!((checked.len(), code), (1, Some(0)), "{checked:?}");
        assert_eq!(process(&checked[0]), Some(server.id()));
        assert_eq!(trees(&checked[0], "is_equal"), [true, true]);
        assert_eq!(trees(&checked[0], "stored"), [COUNT, COUNT]);
        let said = run(&store, &["check"]).expect_success();
        assert!(said.starts_with("server ") && said.contains(" digests, equal to the database, "), "{said}");
        let lookups = looked_up_during(&server, || {
            for _ in 0..3 {
                let (rebuilt, code) = objects(&store, "rebuild");
                assert_eq!((rebuilt.len(), code), (1, Some(0)), "{rebuilt:?}");
                assert_eq!(process(&rebuilt[0]), Some(server.id()));
                assert_eq!(trees(&rebuilt[0], "elements"), [COUNT, COUNT]);
            }
        });
        assert!(lookups > 0);
    });
}

/// The number of lookups that were answered while `work` was done.
fn looked_up_during(server: &Server, work: impl FnOnce()) -> usize {
    let (has_ended, address) = (AtomicBool::new(false), server.address());
    thread::scope(|scope| {
        let client = scope.spawn(|| {
            let mut count = 0;
            while !has_ended.load(Ordering::Acquire) {
                let target = "/pks/lookup?op=get&search=0xf6258df2bff9a73f5b1e15c306456dd791e95791";
                assert_eq!(request::get(address, target).unwrap().status, 200);
                count += 1;
            }
            count
        });
        work();
        has_ended.store(true, Ordering::Release);
        client.join().unwrap()
    })
}

/// A tree that differs from the table ends `check` with 1, also where only one profile does and the number of
/// digests is the same; `rebuild` mends it.
#[test]
fn differences_are_found_and_mended() {
    on_each_backend(|store| {
        let server = serve(&store, true);
        answers_of(&server, &store);
        alter(&store);
        let (checked, code) = objects(&store, "check");
        assert_eq!((checked.len(), code), (1, Some(1)), "{checked:?}");
        assert_eq!(trees(&checked[0], "is_equal"), [true, false]);
        assert_eq!(trees(&checked[0], "stored"), trees(&checked[0], "elements"));
        let said = run(&store, &["check"]).expect_failure();
        assert!(said.contains("profile 2.4: 5 digests, DIFFERENT from the 5 of the database"), "{said}");
        assert_eq!(objects(&store, "rebuild").1, Some(0));
        let (checked, code) = objects(&store, "check");
        assert_eq!(code, Some(0), "{checked:?}");
    });
}

/// A server that was killed still stands on the list for a while: who asks does not wait for it longer than that,
/// and is told.
#[test]
fn nobody_waits_for_the_dead() {
    on_each_backend(|store| {
        let mut server = serve(&store, true);
        answers_of(&server, &store);
        let dead = server.id();
        server.kill();
        server.restart();
        let started = Instant::now();
        let finished = run(&store, &["rebuild", "--json"]);
        assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
        assert!(finished.success, "{finished:?}");
        assert!(
            finished.stderr.contains(&format!("-{dead}-")) && finished.stderr.contains("ended before"),
            "{finished:?}"
        );
        let (answers, code) = objects(&store, "check");
        assert_eq!((answers.len(), code), (1, Some(0)), "{answers:?}");
        assert_eq!(process(&answers[0]), Some(server.id()));
    });
}

/// A store that is not there is no empty tree.
#[test]
fn a_missing_store_is_an_error() {
    let finished = run(&Backend::sqlite(), &["check"]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
}
