//! `peers`: the partners, what happened with them, and what is missing from them.

use std::time::{Duration, Instant};

use hockeypuck::domain::{Digest, Profile};
use hockeypuck::storage;
use serde_json::Value;

use crate::support::backend::{Backend, on_each_backend, runtime};
use crate::support::ports::free_port;
use crate::support::server::{self, Server};
use crate::support::store::patient;
use crate::support::tools::{self, Finished};

/// How long a busy machine may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);
const OFFERED: u8 = 7;

fn peers(store: &Backend, arguments: &[&str], settings: &[(&str, &str)]) -> Finished {
    let settings = settings.iter().map(|(name, value)| (format!("HOCKEYPUCK_{name}"), *value));
    tools::run(server::command().arg("peers").args(arguments).args(store.arguments()).envs(settings))
}

fn objects(store: &Backend, settings: &[(&str, &str)]) -> Vec<Value> {
    let said = peers(store, &["--json"], settings).expect_success();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A partner nobody can reach is listed with the reason of the failure, and with what it offered and nobody could
/// fetch; one that was never met is listed too where it is configured.
#[test]
fn partners_are_listed() {
    on_each_backend(|store| {
        let nobody = format!("127.0.0.1:{}", free_port());
        let settings = [
            ("CONFLUX_RECON_RECONADDR", "none"),
            ("CONFLUX_RECON_PARTNER_LOST_RECONADDR", nobody.as_str()),
            ("CONFLUX_RECON_PARTNER_UNMET_RECONADDR", nobody.as_str()),
            ("CONFLUX_RECON_PARTNER_UNMET_WEIGHT", "-1"),
        ];
        let _server = Server::start_with(store.clone(), &settings);
        offer(&store);
        let deadline = Instant::now() + PATIENCE;
        let listed = loop {
            let listed = objects(&store, &settings);
            let [lost, unmet] = listed.as_slice() else { panic!("{listed:?}") };
            assert_eq!((&lost["name"], &unmet["name"]), (&"lost".into(), &"unmet".into()));
            if lost["events"].get("outgoing-failure").is_some() {
                break listed;
            }
            assert!(Instant::now() < deadline, "{listed:?}");
        };
        let failure = &listed[0]["events"]["outgoing-failure"];
        assert!(failure["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{failure}");
        assert!(failure["error"].as_str().is_some_and(|error| error.contains("cannot connect")), "{failure}");
        assert_eq!(listed[0]["unresolved"], serde_json::json!({ "untried": OFFERED }));
        assert_eq!((&listed[1]["events"], &listed[1]["unresolved"]), (&serde_json::json!({}), &serde_json::json!({})));
        let said = peers(&store, &[], &settings).expect_success();
        for words in ["lost\n  last failure of a session with it: ", "\n  unresolved, untried: 7\n", "\nunmet\n"] {
            assert!(said.contains(words), "{said}");
        }
    });
}

/// Where there are none, that is said, and JSON is empty.
#[test]
fn there_may_be_nobody() {
    on_each_backend(|store| {
        Server::start(store.clone()).stop();
        assert_eq!(peers(&store, &[], &[]).expect_success(), "no partners\n");
        assert_eq!(objects(&store, &[]), [Value::Null; 0]);
    });
}

/// What a session with the partner would have found.
fn offer(store: &Backend) {
    runtime().block_on(async {
        let open = storage::open(&store.url(), &patient()).await.unwrap();
        let digests: Vec<Digest> = (0..OFFERED).map(|n| Digest([0x40 + n; 16])).collect();
        open.gossip().offer("lost", Profile::V24, &digests, 100).await.unwrap();
        open.close().await;
    });
}
