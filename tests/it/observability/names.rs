//! Alerts and dashboard name only what a server has.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::dashboard::queries;
use super::text_of;
use crate::gossip::processes::{recon_address, wait_until};
use crate::support::backend::Backend;
use crate::support::certs::small;
use crate::support::ports::free_port;
use crate::support::request::{self, submit};
use crate::support::server::Server;

/// Series that this test does not wait for, and why they are not there.
const LATER: [(&str, &str); 2] = [
    ("hockeypuck_recon_tree_difference", "the first comparison is an hour after the start"),
    ("hockeypuck_recon_unresolved", "only what could not be fetched has a reason"),
];
/// Labels that Prometheus adds.
const FROM_PROMETHEUS: [&str; 2] = ["job", "instance"];

/// A primary key of version 9.
const UNREADABLE: [u8; 3] = [0xc6, 1, 9];

/// A name in a query, with the labels that are asked for.
type Used = BTreeMap<String, BTreeSet<String>>;

/// Every metric and label of the alerts and the dashboard is in what a real server tells after some traffic, so no
/// alert waits for what never comes and no panel stays empty.
#[test]
fn every_name_exists() {
    let mut used = Used::new();
    let rules = text_of("rules.yml");
    for text in queries().iter().map(String::as_str).chain([rules.as_str()]) {
        collect(text, &mut used);
    }
    assert!(used.len() > 35, "{used:?}");
    assert!(LATER.iter().all(|(name, _)| used.contains_key(*name)), "an exception is not needed");
    let (server, partner) = servers();
    let numbers = AtomicUsize::new(1);
    wait_until("all series", || {
        // What is pushed, fetched and found missing is what enters while they talk.
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        for (place, address) in [("here", server.address()), ("there", partner.address())] {
            let certificate = small(&format!("<{place}{number}@example.org>"));
            assert_eq!(submit(address, &certificate.packets()).unwrap().status, 200);
        }
        assert_eq!(submit(server.address(), &UNREADABLE).unwrap().status, 422);
        assert_eq!(request::get(server.address(), "/pks/lookup?op=get&search=nobody@example.org").unwrap().status, 404);
        let known = series(server.metrics());
        let missing: Vec<_> = used.iter().filter(|(name, labels)| !is_there(&known, name, labels)).collect();
        if number.is_multiple_of(20) {
            println!("still missing: {missing:?}");
        }
        missing.is_empty()
    });
}

/// Names of one vendor's deployment or of Go's runtime would be empty everywhere else.
#[test]
fn nothing_depends_on_the_deployment() {
    for file in ["rules.yml", "dashboard.json"] {
        let text = text_of(file);
        let foreign = ["juju", "go_goroutines", "go_memstats", "go_gc", "promhttp"].map(|word| text.contains(word));
        assert_eq!(foreign, [false; 5], "{file}");
    }
}

/// The scanner finds names and labels and passes over words in quotes, so that the test above can fail.
#[test]
fn names_are_found() {
    let mut used = Used::new();
    collect("sum by (job) (rate(process_a_total{b=~\"x_,y\",job!=\"hockeypuck_z\"}[5m])) > conflux_c", &mut used);
    let found: Vec<_> = used.into_iter().map(|(name, labels)| (name, labels.into_iter().collect::<Vec<_>>())).collect();
    assert_eq!(found, [("conflux_c".into(), vec![]), ("process_a_total".into(), vec!["b".into(), "job".into()])]);
}

/// A server that reconciles, fetches, pushes, fails at all of that, and sends traces to nobody; and its partner.
fn servers() -> (Server, Server) {
    let (ours, theirs) = (recon_address(), recon_address());
    let settings = [
        ("RECON_BIND", theirs.as_str()),
        ("CONFLUX_RECON_PARTNER_SERVER_RECONADDR", &ours),
        ("CONFLUX_RECON_PARTNER_SERVER_WEIGHT", "-1"),
    ];
    let partner = Server::start_with(Backend::sqlite(), &settings);
    let nowhere = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let settings = [
        ("RECON_BIND", ours.as_str()),
        ("CONFLUX_RECON_GOSSIPINTERVALSECS", "1"),
        ("CONFLUX_RECON_PARTNER_GOOD_RECONADDR", &theirs),
        ("CONFLUX_RECON_PARTNER_GOOD_HTTPADDR", &partner.address().to_string()),
        ("CONFLUX_RECON_PARTNER_BAD_RECONADDR", &nowhere.to_string()),
        ("CONFLUX_RECON_PARTNER_BAD_HTTPADDR", &nowhere.to_string()),
        ("PKS_TO", &partner.hkp_url()),
        ("TRACING_ENDPOINT", &format!("http://{nowhere}/v1/traces")),
    ];
    (Server::start_with(Backend::sqlite(), &settings), partner)
}

/// The names of series with their labels.
fn series(metrics: SocketAddr) -> Used {
    let mut known = Used::new();
    for line in request::get(metrics, "/metrics").unwrap().text().lines().filter(|line| !line.starts_with('#')) {
        collect(line, &mut known);
    }
    known
}

fn is_there(known: &Used, name: &str, labels: &BTreeSet<String>) -> bool {
    if LATER.iter().any(|(later, _)| name == *later) {
        return true;
    }
    let from_prometheus = |label: &String| FROM_PROMETHEUS.contains(&label.as_str());
    known.get(name).is_some_and(|found| labels.iter().all(|label| from_prometheus(label) || found.contains(label)))
}

/// Adds the metrics of a query, or of a line of a scrape, with the labels in braces after them.
fn collect(text: &str, used: &mut Used) {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '"') {
        rest = &rest[start..];
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted.split_once('"').map_or("", |(_, after)| after);
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        rest = after;
        if ["hockeypuck_", "conflux_", "process_"].iter().any(|prefix| name.starts_with(prefix)) {
            let labels =
                after.strip_prefix('{').and_then(|after| after.split_once('}')).map_or("", |(labels, _)| labels);
            used.entry(name.to_owned()).or_default().extend(label_names(labels));
        }
    }
}

/// `a` and `b` of `a="x",b!~"y"`.
fn label_names(labels: &str) -> impl Iterator<Item = String> {
    let outside = labels.split('"').step_by(2);
    let names = outside.map(|part| part.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_').to_owned());
    names.filter(|name| !name.is_empty())
}
