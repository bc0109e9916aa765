//! Prometheus' own judgement of what it is given.

use super::on_each_server;
use crate::support::certs;
use crate::support::request::{self, submit};
use crate::support::tools::{Finished, own_program, run_with_input};

/// Hockeypuck's counters, whose names dashboards know, and which lack the usual ending.
const HISTORIC: [&str; 4] =
    ["hockeypuck_keys_added", "hockeypuck_keys_updated", "hockeypuck_keys_ignored", "hockeypuck_keys_removed"];

/// The metrics can be read and follow the rules of naming, but for the historic names.
#[test]
fn metrics_are_well_formed() {
    on_each_server(|server| {
        let owned = certs::small("<metrics@example.org>");
        assert_eq!(submit(server.address(), &owned.packets()).unwrap().status, 200);
        let metrics = request::get(server.metrics(), "/metrics").unwrap();
        assert!(metrics.text().contains("\nhockeypuck_keys_added 1\n"), "{}", metrics.text());
        let judged = check(&metrics.body);
        let complaints: Vec<&str> = judged.stderr.lines().chain(judged.stdout.lines()).collect();
        let is_historic = |line: &&str| HISTORIC.iter().any(|name| line.split_whitespace().any(|word| word == *name));
        let others: Vec<&&str> = complaints.iter().filter(|line| !is_historic(line)).collect();
        assert!(others.is_empty(), "{others:#?}");
    });
}

fn check(metrics: &[u8]) -> Finished {
    run_with_input(own_program("promtool").args(["check", "metrics"]), metrics)
}
