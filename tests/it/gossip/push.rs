//! Pushes to keyservers that do not reconcile.

mod secure;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hockeypuck::domain::PeerEvent;
use hockeypuck::gossip::client::client;
use hockeypuck::gossip::push::{Pushes, Sender, Target};
use hockeypuck::keyring::{Keyring, Settings};
use hockeypuck::storage::gossip::PushState;
use hockeypuck::telemetry::{KeyringMetrics, PushMetrics};
use jiff::Timestamp;
use prometheus::Registry;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::keyserver::Keyserver;
use crate::support::backend::Backend;
use crate::support::certs::{Owned, small};
use crate::support::request;
use crate::support::server::Server;
use crate::support::store::World;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the store, which has no other way to tell, is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server with certificates, without its listeners.
struct Source {
    world: World,
    keyring: Keyring,
    registry: Registry,
    /// Whom it trusts beside the machine's authorities.
    authority: Option<PathBuf>,
}

impl Source {
    async fn new() -> Self {
        let world = World::sqlite().await;
        let registry = Registry::new();
        let metrics = KeyringMetrics::register(&registry).unwrap();
        let keyring = Keyring::new(Arc::clone(&world.store), Settings::default(), metrics);
        Self { world, keyring, registry, authority: None }
    }

    async fn add(&self, certificates: &[&Owned]) {
        for certificate in certificates {
            self.keyring.submit(certificate.armored().into()).await.unwrap();
        }
    }

    fn pushes(&self, unit: &str) -> Pushes {
        Pushes {
            keyring: self.keyring.clone(),
            sender: Sender::new(client("Hockeypuck/9.9", self.authority.as_deref()).unwrap(), "admin@keys.example.org"),
            metrics: PushMetrics::register(&Registry::new()).unwrap(),
            unit: unit.into(),
            interval: LOOK_EVERY,
            now: || "2026-11-22T12:34:56Z".parse::<Timestamp>().unwrap(),
        }
    }

    /// Pushes to `target` until the answer is dropped, from the end of the log on.
    async fn push(&self, unit: &str, target: Target) -> DropGuard {
        let stop = CancellationToken::new();
        tokio::spawn(self.pushes(unit).run(target.clone(), stop.clone()));
        self.state(&target, |_| true).await;
        stop.drop_guard()
    }

    /// The state of a target, once it is as `wanted`.
    async fn state(&self, target: &Target, wanted: impl Fn(&PushState) -> bool) -> PushState {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let state = self.world.store.gossip().push_state(&target.address.to_string()).await.unwrap();
            match state {
                Some(state) if wanted(&state) => return state,
                state => assert!(Instant::now() < deadline, "{state:?}"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn to(keyserver: &Keyserver) -> Target {
    Target { address: keyserver.target.clone(), instead_of: None }
}

/// A new target gets what changes from then on, in the order of the changes, as it is stored, with
/// the operator's name on it; nothing from before.
#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_in_order() {
    let source = Source::new().await;
    let [before, first, second] = ["a", "b", "c"].map(small);
    source.add(&[&before]).await;
    let mut keyserver = Keyserver::start().await;
    let _pushing = source.push("one", to(&keyserver)).await;
    source.add(&[&first, &second]).await;
    for certificate in [&first, &second] {
        let received = keyserver.next().await;
        assert_eq!(received.fingerprint, certificate.fingerprint());
        assert_eq!((received.sender.as_str(), received.agent.as_str()), ("admin@keys.example.org", "Hockeypuck/9.9"));
        assert_eq!(received.user_ids, 1);
    }
    let last = source.world.store.changes(0, 100).await.unwrap().last().unwrap().seq;
    let state = source.state(&to(&keyserver), |state| state.position == last).await;
    assert_eq!((state.failures, state.last_error, state.last_sync), (0, None, Some(1_795_350_896_000)));
    assert_eq!(keyserver.rest(), []);
}

/// This very program is a target that takes what it is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_takes_pushes() {
    let source = Source::new().await;
    let server = tokio::task::spawn_blocking(|| Server::start(Backend::sqlite())).await.unwrap();
    let target = Target { address: server.hkp_url().parse().unwrap(), instead_of: None };
    let _pushing = source.push("one", target.clone()).await;
    let certificate = small("Alice <alice@example.org>");
    source.add(&[&certificate]).await;
    source.state(&target, |state| state.last_sync.is_some()).await;
    let address = format!("/pks/lookup?op=get&search=0x{}", certificate.fingerprint());
    assert_eq!(request::get(server.address(), &address).unwrap().status, 200);
}

/// A target that fails keeps its place and gets everything later, while others are served at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_target_holds_up_nobody() {
    let source = Source::new().await;
    let (mut failing, mut well) = (Keyserver::start().await, Keyserver::start().await);
    failing.answer(|_| 503);
    let _to_failing = source.push("one", to(&failing)).await;
    let _to_well = source.push("one", to(&well)).await;
    let [first, second] = ["a", "b"].map(small);
    source.add(&[&first, &second]).await;
    for certificate in [&first, &second] {
        assert_eq!(well.next().await.fingerprint, certificate.fingerprint());
    }
    assert_eq!(failing.next().await.fingerprint, first.fingerprint());
    let state = source.state(&to(&failing), |state| state.failures > 0).await;
    assert_eq!(state.last_error.as_deref(), Some("the answer was 503 Service Unavailable"));
    failing.answer(|_| 200);
    let mut taken = Vec::new();
    while taken.len() < 2 {
        let received = failing.next().await;
        taken.extend((received.status == 200).then_some(received.fingerprint));
    }
    assert_eq!(taken, [first.fingerprint(), second.fingerprint()]);
    source.state(&to(&failing), |state| state.failures == 0 && state.last_error.is_none()).await;
}

/// Nobody listens: the place is kept, and the operator is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_may_be_away() {
    let source = Source::new().await;
    let keyserver = Keyserver::start().await;
    let target = to(&keyserver);
    drop(keyserver);
    let _pushing = source.push("one", target.clone()).await;
    source.add(&[&small("a")]).await;
    let state = source.state(&target, |state| state.failures > 0).await;
    assert!(state.last_error.as_deref().unwrap().starts_with("no answer"));
    let last = source.world.store.changes(0, 100).await.unwrap().last().unwrap().seq;
    assert!(state.position < last && state.last_sync.is_none(), "{state:?}");
}

/// A certificate that the target refuses three times does not keep the next ones from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_certificate_is_left_out() {
    let source = Source::new().await;
    let mut keyserver = Keyserver::start().await;
    let [bad, good] = ["a", "b"].map(small);
    let refused = bad.fingerprint();
    keyserver.answer(move |fingerprint| if fingerprint == refused { 422 } else { 200 });
    let _pushing = source.push("one", to(&keyserver)).await;
    source.add(&[&bad, &good]).await;
    for expected in [&bad, &bad, &bad, &good] {
        assert_eq!(keyserver.next().await.fingerprint, expected.fingerprint());
    }
    source.state(&to(&keyserver), |state| state.failures == 0 && state.last_sync.is_some()).await;
    assert_eq!(keyserver.rest(), []);
}

/// Units on one store send a certificate once, and go on where the other stopped.
#[tokio::test(flavor = "multi_thread")]
async fn units_share_a_target() {
    let source = Source::new().await;
    let mut keyserver = Keyserver::start().await;
    let one = source.push("one", to(&keyserver)).await;
    let _two = source.push("two", to(&keyserver)).await;
    let certificates: Vec<Owned> = (0..6).map(|n| small(&format!("u{n}"))).collect();
    for (index, certificate) in certificates.iter().enumerate() {
        source.add(&[certificate]).await;
        assert_eq!(keyserver.next().await.fingerprint, certificate.fingerprint(), "{index}");
    }
    let last = source.world.store.changes(0, 100).await.unwrap().last().unwrap().seq;
    source.state(&to(&keyserver), |state| state.position == last).await;
    drop(one);
    let another = small("later");
    source.add(&[&another]).await;
    assert_eq!(keyserver.next().await.fingerprint, another.fingerprint());
    assert_eq!(keyserver.rest(), []);
}

/// A partner is pushed to while it cannot reconcile, and not while it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_does_not_fit_is_pushed_to() {
    let source = Source::new().await;
    let mut keyserver = Keyserver::start().await;
    let target = Target { address: keyserver.target.clone(), instead_of: Some("p".to_owned()) };
    let _pushing = source.push("one", target.clone()).await;
    let [known, pushed] = ["a", "b"].map(small);
    source.add(&[&known]).await;
    let last = source.world.store.changes(0, 100).await.unwrap().last().unwrap().seq;
    source.state(&target, |state| state.position == last).await;
    source.keyring.note_peer("p", PeerEvent::Incompatible, "one", "mismatched filters").await.unwrap();
    source.add(&[&pushed]).await;
    assert_eq!(keyserver.next().await.fingerprint, pushed.fingerprint());
    assert_eq!(keyserver.rest(), []);
    assert!(source.registry.gather().iter().any(|family| family.name() == "hockeypuck_keys_added"));
}
