//! Servers in this process: nothing is global, everything ends.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use hockeypuck::app::{Server, Shutdown};
use hockeypuck::config::{Config, Sources};
use hockeypuck::domain::Search;
use hockeypuck::storage::{self, HourlyCounts, StoreLimits};

use super::keyrings::certificates;
use crate::support::postgres::fresh_database;
use crate::support::request::{self, Response};

/// Free ports and the store at `url`.
fn config(url: &str) -> Config {
    let flags = [("bind", "127.0.0.1:0"), ("metrics-bind", "127.0.0.1:0"), ("database-url", url)];
    let flags: BTreeMap<_, _> = flags.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    Config::load(&Sources { flags, ..Sources::default() }).usable().unwrap().0
}

fn sqlite_in(directory: &Path) -> String {
    format!("sqlite://{}/store.sqlite", directory.display())
}

async fn submit(address: SocketAddr, certificate: Vec<u8>) -> Response {
    tokio::task::spawn_blocking(move || request::submit(address, &certificate)).await.unwrap().unwrap()
}

async fn get(address: SocketAddr, target: &'static str) -> Response {
    tokio::task::spawn_blocking(move || request::get(address, target)).await.unwrap().unwrap()
}

/// Two servers with a store each share nothing: neither certificates nor counters nor the stop.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_share_nothing() {
    let [one, two] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first_stop, second_stop] = [Shutdown::new(), Shutdown::new()];
    let first = Server::start(&config(&sqlite_in(one.path())), first_stop.clone()).await.unwrap();
    let second = Server::start(&config(&sqlite_in(two.path())), second_stop.clone()).await.unwrap();
    let [first_hkp, second_hkp] = [first.hkp_address(), second.hkp_address()];
    let second_metrics = second.metrics_address().unwrap();
    assert_ne!(first_hkp, second_hkp);

    let stored = submit(first_hkp, certificates()[0].to_vec()).await;
    assert_eq!(stored.status, 200, "{stored:?}");
    assert!(get(second_hkp, "/pks/stats?options=json").await.text().contains("\"total\":0"));
    assert!(get(second_metrics, "/metrics").await.text().contains("hockeypuck_keys_added 0"));

    first_stop.soft();
    first.finished().await.unwrap();
    assert_eq!(get(second_hkp, "/pks/health/ready").await.status, 200);
    second_stop.soft();
    second.finished().await.unwrap();
}

/// Several servers may start on one empty PostgreSQL database at the same moment, and serve the same.
#[tokio::test(flavor = "multi_thread")]
async fn servers_start_together_on_one_database() {
    let config = config(&fresh_database().await);
    let stop = Shutdown::new();
    let (one, two) = tokio::join!(Server::start(&config, stop.clone()), Server::start(&config, stop.clone()));
    let [one, two] = [one.unwrap(), two.unwrap()];
    let certificate = certificates()[0].to_vec();
    assert_eq!(submit(one.hkp_address(), certificate).await.status, 200);
    assert!(get(two.hkp_address(), "/pks/stats?options=json").await.text().contains("\"total\":1"));
    stop.soft();
    let (one, two) = tokio::join!(one.finished(), two.finished());
    one.and(two).unwrap();
}

/// What was counted in the last minute is written when the server stops.
#[tokio::test(flavor = "multi_thread")]
async fn statistics_survive_the_stop() {
    let directory = tempfile::tempdir().unwrap();
    let url = sqlite_in(directory.path());
    let stop = Shutdown::new();
    let server = Server::start(&config(&url), stop.clone()).await.unwrap();
    submit(server.hkp_address(), certificates()[0].to_vec()).await;
    stop.soft();
    server.finished().await.unwrap();
    let store = storage::open(&url, &StoreLimits::default()).await.unwrap();
    let counts: Vec<HourlyCounts> = store.hourly(0).await.unwrap().into_iter().map(|(_, counts)| counts).collect();
    assert_eq!(counts.iter().map(|counts| counts.inserted).sum::<u64>(), 1, "{counts:?}");
    store.close().await;
}

/// The `key=value` form of the database reaches a real PostgreSQL.
#[tokio::test(flavor = "multi_thread")]
async fn connection_strings_reach_the_database() {
    let url = fresh_database().await;
    let dsn = dsn_of(&url);
    let stop = Shutdown::new();
    let server = Server::start(&config(&dsn), stop.clone()).await.unwrap();
    submit(server.hkp_address(), certificates()[0].to_vec()).await;
    stop.soft();
    server.finished().await.unwrap();
    let store = storage::open(&url, &StoreLimits::default()).await.unwrap();
    assert_eq!(store.count().await.unwrap(), 1);
    let email = Search::Email("nobody@example.org".into());
    assert!(store.summaries(&email, 1).await.unwrap().is_empty());
    store.close().await;
}

/// The test cluster's URL in the form of Hockeypuck's files.
fn dsn_of(url: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let name = address.rsplit('/').next().unwrap();
    let host = query.split('&').find_map(|pair| pair.strip_prefix("host=")).unwrap();
    let host = percent_encoding::percent_decode_str(host).decode_utf8().unwrap();
    format!("database={name} host={host} user=postgres sslmode=disable")
}
