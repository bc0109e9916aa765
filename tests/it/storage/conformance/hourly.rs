//! Counts by the hour.

use hockeypuck::storage::HourlyCounts;

use crate::support::store::{World, on_both_engines};

on_both_engines! {
    /// Counts of several programs add up, and hours come in order.
    async fn counts_add_up(world: World) {
        let counts = |inserted, updated, removed| HourlyCounts { inserted, updated, removed };
        world.store.add_hourly(7200, counts(1, 2, 3)).await.unwrap();
        world.store.add_hourly(3600, counts(5, 0, 0)).await.unwrap();
        world.store.add_hourly(7200, counts(10, 20, 30)).await.unwrap();
        world.store.add_hourly(10_800, counts(0, 0, u64::from(u32::MAX) * 2)).await.unwrap();
        assert_eq!(world.store.hourly(3601).await.unwrap(), [
            (7200, counts(11, 22, 33)),
            (10_800, counts(0, 0, u64::from(u32::MAX) * 2)),
        ]);
        assert_eq!(world.store.hourly(0).await.unwrap().len(), 3);
    }
}
