//! Several database servers in one URL: the one that takes writes is used, also after another one took over.

use std::time::{Duration, Instant};

use hockeypuck::domain::Search;
use hockeypuck::storage::{self, PutOutcome, StorageError, Store};

use crate::support::ports::free_port;
use crate::support::postgres::Cluster;
use crate::support::records::{sample, v4};
use crate::support::store::{execute, patient};

/// How long a standby may take to follow, and a store to change servers.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one look takes.
const LOOK: Duration = Duration::from_millis(50);

/// A URL of a database on all of these servers.
fn url_of(servers: &[(&str, u16)], database: &str) -> String {
    let list = |items: Vec<String>| items.join(",");
    let hosts = list(servers.iter().map(|(host, _)| (*host).to_owned()).collect());
    let ports = list(servers.iter().map(|(_, port)| port.to_string()).collect());
    format!("postgres:///{database}?host={hosts}&port={ports}&user=postgres&sslmode=disable")
}

/// The name of the database, and a server's part of [`url_of`].
fn database_of(url: &str) -> &str {
    url.split(['/', '?']).nth(3).unwrap()
}

fn server(cluster: &Cluster) -> (&str, u16) {
    (cluster.directory().to_str().unwrap(), 5432)
}

async fn put(store: &Store, n: u32) -> Result<(), StorageError> {
    let outcomes = store.put(&[sample(n).new_put()]).await?;
    assert_eq!(outcomes, [PutOutcome::Inserted]);
    Ok(())
}

async fn has(store: &Store, n: u32) -> bool {
    let search = Search::Fingerprint(v4(n));
    store.certificates(&search, 1).await.is_ok_and(|found| !found.is_empty())
}

/// Repeats until it is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until the store listens for changes, then checks that it hears of one.
async fn assert_hears(store: &Store, n: u32) {
    until("the store listens", async || {
        let start = Instant::now();
        store.wait_for_change(PATIENCE.min(10 * LOOK)).await;
        start.elapsed() < 9 * LOOK
    })
    .await;
    let start = Instant::now();
    let (written, ()) = tokio::join!(put(store, n), store.wait_for_change(PATIENCE));
    written.unwrap();
    assert!(start.elapsed() < PATIENCE, "nobody was told of a change");
}

/// A server that is down and a standby are passed over; after the primary is gone, the standby answers lookups, and
/// takes over everything when it is promoted. Migrations, the pool and the listener go to the same server.
#[tokio::test(flavor = "multi_thread")]
async fn another_server_takes_over() {
    let primary = Cluster::private();
    let database = primary.fresh_database().await;
    let standby = Cluster::standby_of(&primary);
    let down = ("127.0.0.1", free_port());
    let url = url_of(&[down, server(&standby), server(&primary)], database_of(&database));
    storage::migrate(&url).await.unwrap();
    let store = storage::open(&url, &patient()).await.unwrap();
    store.check().await.unwrap();
    put(&store, 1).await.unwrap();
    assert_hears(&store, 2).await;
    let alone = url_of(&[server(&standby)], database_of(&database));
    let follower = storage::open(&alone, &patient()).await.unwrap();
    until("the standby follows", async || has(&follower, 2).await).await;
    follower.close().await;

    drop(primary);
    until("the standby answers", async || has(&store, 1).await).await;
    assert!(matches!(put(&store, 3).await, Err(StorageError::Unavailable(_))));
    assert!(store.check().await.is_err());
    let migrated = storage::migrate(&url).await.unwrap_err().to_string();
    assert!(migrated.contains("no server takes writes"), "{migrated}");

    execute(&alone, "SELECT pg_promote()").await;
    until("the standby takes writes", async || put(&store, 4).await.is_ok()).await;
    store.check().await.unwrap();
    assert_hears(&store, 5).await;
    storage::migrate(&url).await.unwrap();
    assert!(has(&store, 1).await && has(&store, 5).await);
    store.close().await;
}

/// A server that was set read-only is left for one that takes writes, although it still answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_writes_is_left() {
    let (first, second) = (Cluster::private(), Cluster::private());
    let database = first.fresh_database().await;
    let name = database_of(&database);
    execute(&url_of(&[server(&second)], "postgres"), &format!("CREATE DATABASE {name}")).await;
    let [one, two] = [&first, &second].map(|cluster| url_of(&[server(cluster)], name));
    storage::migrate(&one).await.unwrap();
    storage::migrate(&two).await.unwrap();
    let store = storage::open(&url_of(&[server(&first), server(&second)], name), &patient()).await.unwrap();
    put(&store, 1).await.unwrap();
    execute(&one, &format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    // Connections that are open keep the old setting.
    let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    execute(&one, end).await;
    until("the second takes writes", async || put(&store, 2).await.is_ok()).await;
    assert!(has(&store, 2).await && !has(&store, 1).await);
    store.close().await;
}

/// When nobody answers, the error names every server and says why.
#[tokio::test(flavor = "multi_thread")]
async fn all_servers_are_down() {
    let (one, two) = (free_port(), free_port());
    let url = url_of(&[("127.0.0.1", one), ("127.0.0.1", two)], "keys");
    let error = storage::migrate(&url).await.unwrap_err();
    assert!(matches!(error, StorageError::Unavailable(_)));
    let told = error.to_string();
    assert!(told.contains(&format!("127.0.0.1:{one}: ")) && told.contains(&format!("127.0.0.1:{two}: ")), "{told}");
}
