//! What does not happen while certificates are taken over.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hockeypuck::domain::{Digest, Profile};

use super::keyserver::Keyserver;
use super::world::{Place, Plan, converge, scrape};
use crate::support::backend::Backend;
use crate::support::certs::small;
use crate::support::hockeypuck::{Release, Source, certificates};
use crate::support::ports::free_port;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A database with certificates of Hockeypuck that nobody takes over as long as a unit that does not live has the turn.
async fn held_source(all: &[Vec<u8>]) -> (Source, Backend) {
    let backend = Backend::postgres_async().await;
    let source = Source::create(&backend.url(), Release::V24).await;
    source.put(all).await;
    hockeypuck::storage::migrate(&source.url).await.unwrap();
    let store = hockeypuck::storage::open(&source.url, &crate::support::store::patient()).await.unwrap();
    store.adoption().find_foreign().await.unwrap();
    store.adoption().take_turn("nobody", Duration::from_secs(3600), false).await.unwrap().unwrap();
    store.close().await;
    (source, backend)
}

async fn release(source: &Source) {
    source.run("UPDATE adoptions SET lease_until = now()").await;
}

/// Until everything is taken over, no peer is asked for it and no session is held, but digests are answered from the
/// old tables; then the servers reconcile.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_for_what_is_there() {
    let all = certificates(30);
    let (source, backend) = held_source(&all).await;
    let [adopting, other] = [Place::new(), Place::new()];
    let adopting = Plan::new(adopting, backend).partner("OTHER", other).start().await;
    let metrics = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let other = Plan::new(other, Backend::sqlite()).partner("ADOPTING", adopting.place);
    let other = other.set("METRICS_BIND", &metrics.to_string()).start().await;
    other.submit(&all[..20]).await;
    other.submit(&[small("<more@example.org>").packets()]).await;
    let deadline = Instant::now() + PATIENCE;
    while !scrape(metrics).await.contains("conflux_reconciliation_busy_peer{peer=\"adopting\"} ") {
        assert!(Instant::now() < deadline, "nobody is told to come back");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let peers = other.keyring.peers().await.unwrap();
    assert!(peers.values().all(|status| status.outgoing.success.is_none() && !status.is_incompatible), "{peers:?}");
    assert_eq!(adopting.keyring.store().count().await.unwrap(), 0);
    assert!(
        adopting.keyring.peers().await.unwrap().get("other").is_none_or(|status| status.outgoing.success.is_none())
    );
    let digest: Digest = source.text("SELECT max(md5) FROM keys").await.parse().unwrap();
    assert_eq!(adopting.keyring.fetch_by_digest(&[digest]).await.unwrap().len(), 1);
    release(&source).await;
    let mut expected: BTreeSet<Digest> = other.digests(Profile::V24).await;
    expected.extend(
        source.text("SELECT string_agg(md5, ',') FROM keys").await.split(',').map(|d| d.parse::<Digest>().unwrap()),
    );
    assert_eq!(expected.len(), 31);
    converge(&[&adopting, &other], Profile::V24, &expected).await;
    let pass = adopting.keyring.adoption().await.unwrap().swap_remove(0);
    assert_eq!((pass.tally.read, pass.tally.rejected), (30, 0));
    assert!(pass.adds_up(), "{pass:?}");
    adopting.assert_index_is_true().await;
    adopting.stop().await;
    other.stop().await;
}

/// What came from Hockeypuck is no news for keyservers that are pushed to; what is submitted meanwhile is.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_over_is_not_pushed() {
    let (source, backend) = held_source(&certificates(25)).await;
    let mut keyserver = Keyserver::start().await;
    let target = keyserver.target.to_string();
    let plan = Plan::new(Place::new(), backend).set("PKS_TO", &target);
    let unit = plan.start().await;
    let store = unit.keyring.store().clone();
    let deadline = Instant::now() + PATIENCE;
    while store.gossip().push_state(&target).await.unwrap().is_none() {
        assert!(Instant::now() < deadline, "the target is not looked after");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    release(&source).await;
    while store.count().await.unwrap() < 25 {
        assert!(Instant::now() < deadline, "nothing is taken over");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let news = small("<news@example.org>");
    unit.submit(&[news.packets()]).await;
    assert_eq!(keyserver.next().await.fingerprint, news.fingerprint());
    let end = store.gossip().log_end().await.unwrap();
    while store.gossip().push_state(&target).await.unwrap().unwrap().position < end {
        assert!(Instant::now() < deadline, "the log is not followed");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert_eq!(keyserver.rest(), []);
    unit.stop().await;
}
