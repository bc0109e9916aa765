//! Servers of ours end with the same certificates.

use hockeypuck::domain::Profile;

use super::world::{Place, Plan, certificates, converge, union};
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
