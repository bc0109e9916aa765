//! Servers of ours end with the same certificates.

use hockeypuck::domain::Profile;

use super::world::{Place, Plan, certificates, converge, empty_queue, union};
use crate::support::backend::Backend;

/// Two servers with different and common certificates hold the union, whoever opens the sessions,
/// and their trees are true.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_agree() {
    for one_dials in [true, false] {
        let [one, two] = [Place::new(), Place::new()];
        let plan = |place, other, name, dials| {
            let plan = Plan::new(place, Backend::sqlite());
            if dials { plan.partner(name, other) } else { plan.awaited_partner(name, other) }
        };
        let one = plan(one, two, "TWO", one_dials).start().await;
        let two = plan(two, one.place, "ONE", !one_dials).start().await;
        let common = certificates("common", 60);
        one.submit(&common).await;
        two.submit(&common).await;
        one.submit(&certificates("one", 40)).await;
        two.submit(&certificates("two", 70)).await;
        let expected = union(&[&one, &two], Profile::V24).await;
        assert_eq!(expected.len(), 170);
        converge(&[&one, &two], Profile::V24, &expected).await;
        one.assert_index_is_true().await;
        two.assert_index_is_true().await;
        one.stop().await;
        two.stop().await;
    }
}

/// A server of each network, which would refuse each other, exchange certificates through one that is in both: all
/// end with what their network may hold, and a post-quantum certificate does not get into the older one.
#[tokio::test(flavor = "multi_thread")]
async fn two_networks_are_bridged() {
    let [old, new, bridge] = [(); 3].map(|()| Place::new());
    let old = Plan::new(old, Backend::sqlite()).set("CONFLUX_RECON_PROFILES", "2.3").partner("BRIDGE", bridge);
    let new = Plan::new(new, Backend::sqlite()).set("CONFLUX_RECON_PROFILES", "2.4").awaited_partner("BRIDGE", bridge);
    let (old, new) = (old.start().await, new.start().await);
    let bridge = Plan::new(bridge, Backend::postgres_async().await);
    let bridge = bridge.awaited_partner("OLD", old.place).partner("NEW", new.place).start().await;
    old.submit(&certificates("old", 30)).await;
    new.submit(&certificates("new", 30)).await;
    new.submit(&[post_quantum()]).await;
    bridge.submit(&certificates("bridge", 30)).await;
    let all = [&old, &new, &bridge];
    let expected = Profile::ALL.map(|profile| async move { (profile, union(&all, profile).await) });
    for expected in expected {
        let (profile, expected) = expected.await;
        let (count, network) = match profile {
            Profile::V23 => (90, [&old, &bridge]),
            Profile::V24 => (91, [&new, &bridge]),
        };
        assert_eq!(expected.len(), count);
        converge(&network, profile, &expected).await;
    }
    assert_eq!(old.digests(Profile::V24).await.len(), 90, "what is not of its network stays out");
    for unit in [old, new, bridge] {
        unit.assert_index_is_true().await;
        unit.stop().await;
    }
}

/// A certificate that only the newer network holds.
fn post_quantum() -> Vec<u8> {
    include_bytes!("../../data/vectors/v6type30-35.pgp").to_vec()
}

/// An empty server gets all that its partner has, and equal servers find nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_server_is_filled() {
    let [full, empty] = [Place::new(), Place::new()];
    let empty = Plan::new(empty, Backend::sqlite()).partner("FULL", full).start().await;
    let full = Plan::new(full, Backend::sqlite()).awaited_partner("EMPTY", empty.place).start().await;
    let keyring = std::fs::read("/usr/share/keyrings/debian-nonupload.gpg").unwrap();
    full.submit(&crate::support::certificates::certificates(&keyring)).await;
    let expected = full.digests(Profile::V24).await;
    assert!(expected.len() > 30);
    converge(&[&empty, &full], Profile::V24, &expected).await;
    let ledger = empty_queue(&empty).await;
    assert_eq!(ledger.settled, Vec::new(), "what was asked for is stored");
    empty.stop().await;
    full.stop().await;
}
