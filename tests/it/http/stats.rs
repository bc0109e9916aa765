//! Statistics.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hockeypuck::config::{Config, Sources};
use hockeypuck::domain::PeerEvent;
use hockeypuck::http::HttpSettings;
use hockeypuck::storage::HourlyCounts;
use hockeypuck::storage::gossip::PushState;
use http::{Request, Response};
use serde_json::Value;

use super::records::record;
use super::world::{World, now, settings, shown, text};

const HOUR: i64 = 3600;

async fn world() -> World {
    let world = World::holding([record(1, "a <a@b.c>"), record(2, "b <b@b.c>")]).await;
    let hour = now().as_second() / HOUR * HOUR;
    for (hour, inserted) in [(hour, 1), (hour - 3 * HOUR, 2), (hour - 30 * HOUR, 4), (hour - 200 * HOUR, 8)] {
        let counts = HourlyCounts { inserted, updated: 10 * inserted, removed: 0 };
        world.keyring.store().add_hourly(hour, counts).await.unwrap();
    }
    world
}

/// The members and names that crawlers read, the last 24 hours and the last days.
#[tokio::test]
async fn crawlers_get_json() {
    let world = world().await;
    let response = world.get("/pks/stats?options=json").await;
    insta::assert_snapshot!(shown(&response));
    for address in ["/pks/stats?options=mr", "/pks/lookup?op=stats&options=json", "/pks/lookup?options=mr&op=stats"] {
        assert_eq!(text(&world.get(address).await), text(&response), "{address}");
    }
}

/// People get a page at both addresses.
#[tokio::test]
async fn people_get_a_page() {
    let world = world().await;
    let response = world.get("/pks/stats").await;
    insta::assert_snapshot!(shown(&response));
    assert_eq!(world.get("/pks/lookup?op=stats").await.body(), response.body());
}

/// A server with partners `a`, of which much is known, and `b`, which is masked and has never answered.
async fn with_partners(stale: Duration) -> World {
    let mut sources = Sources::default();
    for (name, value) in [
        ("A_HTTPADDR", "a.example.org:11371"),
        ("A_RECONADDR", "a.example.org:11370"),
        ("A_PKSFAILOVER", "true"),
        ("B_RECONADDR", "b.example.org:11370"),
        ("B_MASK", "true"),
        ("B_STATSPATH", "stats"),
    ] {
        sources.environment.insert(format!("HOCKEYPUCK_CONFLUX_RECON_PARTNER_{name}"), value.to_owned());
    }
    sources.environment.insert("HOCKEYPUCK_PKS_TO".to_owned(), "hkps://c.example.org".to_owned());
    let (config, _) = Config::load(&sources).usable().unwrap();
    let world = World::with_settings(HttpSettings {
        partners: config.recon.partners,
        push_targets: config.pks.targets,
        recon_stale: stale,
        ..settings()
    })
    .await;
    for (name, event, error) in [
        ("a", PeerEvent::Incoming, ""),
        ("a", PeerEvent::Recovery, ""),
        ("b", PeerEvent::OutgoingFailure, "b.example.org:11370 refuses"),
    ] {
        world.keyring.note_peer(name, event, "unit", error).await.unwrap();
    }
    let state = PushState {
        position: 7,
        last_sync: Some(1_790_000_000_000),
        failures: 1,
        last_error: Some("no answer".into()),
    };
    world.keyring.store().gossip().put_push_state("hkps://c.example.org:443", &state).await.unwrap();
    world
}

/// The members of a partner.
async fn members(world: &World, list: &str) -> Vec<Value> {
    let stats: Value = serde_json::from_str(text(&world.get("/pks/stats?options=json").await)).unwrap();
    stats[list].as_array().unwrap().clone()
}

/// Crawlers find partners and targets of pushes with the members that they know; what never
/// happened has the time that they take for never, and masked addresses stay hidden.
#[tokio::test]
async fn crawlers_find_peers() {
    let world = with_partners(Duration::from_secs(86_400)).await;
    let mut peers = members(&world, "peers").await;
    for peer in &mut peers {
        for (member, value) in peer.as_object_mut().unwrap() {
            // By the clock of the database.
            let is_past = member.starts_with("last") && value.as_str().is_some_and(|text| text.starts_with('2'));
            if is_past {
                *value = "some time".into();
            }
        }
    }
    let a = "{\"name\":\"a\",\"httpAddr\":\"a.example.org:11371\",\"reconAddr\":\"a.example.org:11370\",\
             \"statsPath\":\"/pks/lookup?op=stats\",\"lastIncomingRecon\":\"some time\",\"lastIncomingError\":\"\",\
             \"lastOutgoingRecon\":\"0001-01-01T00:00:00Z\",\"lastOutgoingError\":\"\",\"reconStatus\":\"OK\",\
             \"lastRecovery\":\"some time\",\"lastRecoveryError\":\"\",\"recoveryStatus\":\"OK\"}";
    assert_eq!(peers[0], serde_json::from_str::<Value>(a).unwrap());
    let b = "{\"name\":\"b\",\"httpAddr\":\"\",\"reconAddr\":\"b****0\",\"statsPath\":\"/stats\",\"masked\":true,\
             \"lastIncomingRecon\":\"0001-01-01T00:00:00Z\",\"lastIncomingError\":\"\",\
             \"lastOutgoingRecon\":\"0001-01-01T00:00:00Z\",\"lastOutgoingError\":\"hidden\",\"reconStatus\":\"Starting\",\
             \"lastRecovery\":\"0001-01-01T00:00:00Z\",\"lastRecoveryError\":\"\",\"recoveryStatus\":\"Starting\"}";
    assert_eq!(peers[1], serde_json::from_str::<Value>(b).unwrap());
    let targets = "[{\"addr\":\"hkp://a.example.org:11371\",\"lastSync\":\"0001-01-01T00:00:00Z\",\"lastError\":null,\
                   \"permanent\":false,\"active\":false},{\"addr\":\"hkps://c.example.org:443\",\
                   \"lastSync\":\"2026-09-21T14:13:20Z\",\"lastError\":\"no answer\",\"permanent\":true,\"active\":true}]";
    assert_eq!(Value::from(members(&world, "pksTargets").await), serde_json::from_str::<Value>(targets).unwrap());
}

/// A failed fetch shows, and a partner that does not fit is pushed to instead.
#[tokio::test]
async fn trouble_shows() {
    let world = with_partners(Duration::from_secs(86_400)).await;
    world.keyring.note_peer("b", PeerEvent::RecoveryFailure, "unit", "no answer").await.unwrap();
    world.keyring.note_peer("b", PeerEvent::Incompatible, "unit", "mismatched filters").await.unwrap();
    let peers = members(&world, "peers").await;
    assert_eq!(peers[1]["recoveryStatus"], "Error");
    let page = text(&world.get("/pks/stats").await).to_owned();
    for expected in ["a.example.org:11370", "b****0", "never", "hkps://c.example.org:443"] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!page.contains("b.example.org"), "{page}");
}

/// Where the operator wants it, the page has the name by which it was asked; nothing else can be put there.
#[tokio::test]
async fn virtual_hosts_have_their_names() {
    let world = World::with_settings(HttpSettings { virtual_hosts: true, ..settings() }).await;
    let fixed = World::new().await;
    for (host, shown) in [
        ("other.example.org:11371", "other.example.org"),
        ("<script>", "keys.example.org"),
        ("", "keys.example.org"),
        ("[2001:db8::1]:80", "keys.example.org"),
    ] {
        let request = || Request::get("/pks/stats?options=json").header("Host", host).body(Body::empty()).unwrap();
        let name = |answer: &Response<Bytes>| serde_json::from_str::<Value>(text(answer)).unwrap()["hostname"].clone();
        assert_eq!(name(&world.send(request()).await), shown, "{host}");
        assert_eq!(name(&fixed.send(request()).await), "keys.example.org", "{host}");
    }
}
