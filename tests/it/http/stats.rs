//! Statistics.

use hockeypuck::storage::HourlyCounts;

use super::records::record;
use super::world::{World, now, shown, text};

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
