//! Requests of operators' commands to all running units.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{POLL_INTERVAL, SILENCE_LIMIT, Unit};
use crate::domain::Profile;
use crate::gossip::index::{Audit, Derived, Snapshot, audit};
use crate::storage::gossip::RequestId;
use crate::storage::{StorageError, Store};

/// Requests that are read at once.
const BATCH: u32 = 16;
/// Units whose answers are waited for.
const UNITS_LIMIT: u32 = 256;

/// What units can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Derive the trees again and swap them.
    Rebuild,
    /// Compare the trees with the table.
    Check,
    /// Tell of the trees.
    Stats,
}

/// A unit's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The position of the log that the trees stand at.
    pub position: i64,
    pub trees: Vec<Tree>,
    pub took_ms: u64,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One profile's tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tree {
    pub profile: String,
    pub elements: usize,
    /// Octets that the tree takes, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub octets: Option<usize>,
    /// Digests in the table, where they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored: Option<usize>,
    /// Whether tree and table are equal, where they were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_equal: Option<bool>,
}

impl Request {
    const ALL: [Self; 3] = [Self::Rebuild, Self::Check, Self::Stats];

    fn kind(self) -> &'static str {
        match self {
            Self::Rebuild => "tree-rebuild",
            Self::Check => "tree-check",
            Self::Stats => "tree-stats",
        }
    }
}

impl Answer {
    pub fn of_derived(derived: &Derived) -> Self {
        let tree = |(profile, elements): &(Profile, usize)| Tree {
            profile: profile.as_str().to_owned(),
            elements: *elements,
            ..Tree::default()
        };
        let took_ms = millis(derived.took);
        Self { position: derived.position, trees: derived.digests.iter().map(tree).collect(), took_ms, error: None }
    }

    pub fn of_audit(audit: &Audit, took: Duration) -> Self {
        let trees = audit.profiles.iter().map(|audit| Tree {
            profile: audit.profile.as_str().to_owned(),
            elements: audit.indexed,
            stored: Some(audit.stored),
            is_equal: Some(audit.is_equal),
            octets: None,
        });
        Self { position: audit.position, trees: trees.collect(), took_ms: millis(took), error: None }
    }

    pub fn of_trees(snapshot: &Snapshot, took: Duration) -> Self {
        let trees = snapshot.trees().map(|(profile, tree)| Tree {
            profile: profile.as_str().to_owned(),
            elements: tree.len(),
            octets: Some(tree.memory_octets()),
            ..Tree::default()
        });
        Self { position: snapshot.position(), trees: trees.collect(), took_ms: millis(took), error: None }
    }

    pub fn of_error(error: &impl ToString) -> Self {
        Self { error: Some(error.to_string()), ..Self::default() }
    }

    /// Whether all that was asked for is so.
    pub fn is_good(&self) -> bool {
        self.error.is_none() && self.trees.iter().all(|tree| tree.is_equal != Some(false))
    }
}

/// Asks all units that live; answers what each said, or that it did not. Empty: none lives.
pub async fn ask(store: &Store, request: Request, patience: Duration) -> Result<Vec<(String, Answer)>, StorageError> {
    let alive = |silent_for: u64| Duration::from_millis(silent_for) <= SILENCE_LIMIT;
    let units = store.gossip().units(UNITS_LIMIT).await?;
    let units: Vec<String> = units.into_iter().filter(|unit| alive(unit.silent_for)).map(|unit| unit.unit).collect();
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let id = store.gossip().request(request.kind()).await?;
    let started = Instant::now();
    loop {
        let answers = store.gossip().answers(id, UNITS_LIMIT).await?;
        let of = |unit: &String| answers.iter().find(|answer| answer.unit == *unit);
        if units.iter().all(|unit| of(unit).is_some()) || started.elapsed() > patience {
            let answer = |unit: String| {
                let text = of(&unit).map(|answer| serde_json::from_str(&answer.text).unwrap_or_default());
                (unit, text.unwrap_or_else(|| Answer::of_error(&"it did not answer in time")))
            };
            return Ok(units.into_iter().map(answer).collect());
        }
        tokio::time::sleep(POLL_INTERVAL / 5).await;
    }
}

/// Answers requests for ever, those made after the start.
pub(super) async fn serve(unit: &Unit) {
    let mut last = None;
    loop {
        match serve_next(unit, last).await {
            Ok(served) => last = Some(served),
            Err(error) => tracing::warn!(%error, "requests to this unit cannot be read"),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn serve_next(unit: &Unit, last: Option<RequestId>) -> Result<RequestId, StorageError> {
    let store = unit.store.gossip();
    let Some(mut last) = last else { return store.last_request().await };
    for request in store.requests(last, BATCH).await? {
        if let Some(kind) = Request::ALL.into_iter().find(|kind| kind.kind() == request.kind) {
            tracing::info!(request = kind.kind(), "asked by an operator");
            let text = serde_json::to_string(&answer(unit, kind).await).unwrap_or_default();
            store.answer(request.id, &unit.name, &text).await?;
        }
        last = request.id;
    }
    Ok(last)
}

async fn answer(unit: &Unit, request: Request) -> Answer {
    let started = Instant::now();
    match request {
        Request::Rebuild => match unit.index.rebuild().await {
            Ok(derived) => Answer::of_derived(&derived),
            Err(error) => Answer::of_error(&error),
        },
        Request::Check => match audit(&unit.store, Some(&unit.index)).await {
            Ok(audit) => Answer::of_audit(&audit, started.elapsed()),
            Err(error) => Answer::of_error(&error),
        },
        Request::Stats => match unit.index.snapshot() {
            Some(trees) => Answer::of_trees(&trees, started.elapsed()),
            None => Answer::of_error(&"the trees are being derived"),
        },
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
