//! What this unit tells the others, and what it is asked for.

mod requests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::index::{Index, Snapshot};
use crate::domain::Profile;
use crate::storage::Store;
use crate::storage::gossip::UnitReport;

pub use requests::{Answer, Asked, Request, Tree, ask};

/// How often a unit tells that it lives.
const REPORT_INTERVAL: Duration = Duration::from_secs(5);
/// A unit that was silent for longer is gone.
pub const SILENCE_LIMIT: Duration = Duration::from_secs(30);
/// The longest that a request waits for its turn, and the pause after a report that failed.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// What a unit tells of its trees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Elements of each profile's tree, by the profile's name.
    pub elements: std::collections::BTreeMap<String, usize>,
}

/// Tells the others of this unit.
pub struct Unit {
    pub store: Store,
    pub index: Index,
    pub name: String,
}

impl Unit {
    /// Reports and answers until `stop`, then takes itself off the list.
    pub async fn run(self, stop: CancellationToken) {
        let reports = async {
            loop {
                let pause = if self.report().await { REPORT_INTERVAL } else { POLL_INTERVAL };
                tokio::time::sleep(pause).await;
            }
        };
        let work = async {
            // Who is on the list must not miss a request.
            let last = requests::last(&self.store).await;
            tokio::join!(reports, requests::serve(&self, last));
        };
        let _ = stop.run_until_cancelled(work).await;
        if let Err(error) = self.store.gossip().unit_gone(&self.name).await {
            tracing::warn!(%error, "this unit stays on the list of units for a while");
        }
    }

    /// Answers whether the others can know.
    async fn report(&self) -> bool {
        let snapshot = self.index.snapshot();
        let elements = snapshot.iter().flat_map(|trees| counts(trees)).collect();
        let state = serde_json::to_vec(&Report { elements }).unwrap_or_default();
        let position = snapshot.map(|trees| trees.position());
        let report = UnitReport { unit: &self.name, position, state: &state };
        let told = self.store.gossip().unit_seen(report).await;
        if let Err(error) = &told {
            tracing::warn!(%error, "this unit could not tell that it lives");
        }
        told.is_ok()
    }
}

fn counts(trees: &Snapshot) -> Vec<(String, usize)> {
    let count = |profile: Profile| (profile.as_str().to_owned(), trees.tree(profile).len());
    Profile::ALL.into_iter().map(count).collect()
}
