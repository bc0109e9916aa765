//! A partner that cannot serve at the moment.

use std::net::SocketAddr;

use ptree::net::{self, Limits, Offer};
use tokio::net::TcpListener;

use super::world::{Place, Plan, scrape};
use crate::support::backend::Backend;
use crate::support::ports::free_port;

/// It is counted as what it is and is no reason to give the partner up: nothing is pushed in place of sessions.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_partner_is_no_stranger() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let busy = Place { recon: socket.local_addr().unwrap(), ..Place::new() };
    let metrics = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let plan = Plan::new(Place::new(), Backend::sqlite()).partner("BUSY", busy);
    let unit = plan.set("METRICS_BIND", &metrics.to_string()).start().await;
    // The second one shows that the first was dealt with.
    for _ in 0..2 {
        let (stream, _) = socket.accept().await.unwrap();
        net::refuse(stream, &Offer { http_port: 11371 }, "sync not available, currently mutating", &Limits::default())
            .await;
    }
    let told = scrape(metrics).await;
    let is_told = |line: &str| told.lines().any(|told| told.starts_with(line));
    assert!(is_told("conflux_reconciliation_busy_peer{peer=\"busy\"} "), "{told}");
    assert!(is_told("conflux_reconciliation_event_time_seconds{event=\"busy\",peer=\"busy\",role=\"client\"} "));
    assert!(!is_told("conflux_reconciliation_failure{"), "{told}");
    assert!(unit.keyring.peers().await.unwrap().values().all(|status| !status.is_incompatible));
    unit.stop().await;
}
