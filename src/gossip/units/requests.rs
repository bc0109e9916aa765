//! Requests of operators' commands to all running units.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{POLL_INTERVAL, SILENCE_LIMIT, Unit};
use crate::domain::Profile;
use crate::gossip::index::{Audit, Derived, Snapshot, audit};
use crate::storage::gossip::{RequestId, UnitState};
use crate::storage::{StorageError, Store};

/// Requests that are read at once.
const BATCH: u32 = 16;
/// Units whose answers are waited for.
const UNITS_LIMIT: u32 = 256;
/// How often who asks looks for answers.
const ASK_INTERVAL: Duration = Duration::from_millis(100);

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

    /// What a unit wrote.
    fn parse(text: &str) -> Self {
        serde_json::from_str(text)
            .unwrap_or_else(|error| Self::of_error(&format!("its answer cannot be read: {error}")))
    }

    /// Whether all that was asked for is so.
    pub fn is_good(&self) -> bool {
        self.error.is_none() && self.trees.iter().all(|tree| tree.is_equal != Some(false))
    }
}

/// What the units said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Of each unit that lives, with its name. Empty: none lives.
    pub answers: Vec<(String, Answer)>,
    /// Units that ended before they answered.
    pub gone: Vec<String>,
}

/// Asks all units that live, and waits for each as long as it lives, up to `patience`.
pub async fn ask(store: &Store, request: Request, patience: Duration) -> Result<Asked, StorageError> {
    let asked = living(store).await?;
    if asked.is_empty() {
        return Ok(Asked::default());
    }
    let id = store.gossip().request(request.kind()).await?;
    let started = Instant::now();
    loop {
        // Read before the answers: who answers and then ends is not taken for one that is gone.
        let living = living(store).await?;
        let answers = store.gossip().answers(id, UNITS_LIMIT).await?;
        let of = |unit: &String| answers.iter().find(|answer| answer.unit == *unit);
        let is_settled = |unit: &String| of(unit).is_some() || !living.contains(unit);
        if !asked.iter().all(is_settled) && started.elapsed() <= patience {
            tokio::time::sleep(ASK_INTERVAL).await;
            continue;
        }
        // Also of units that were not on the list yet.
        let given = answers.iter().map(|answer| (answer.unit.clone(), Answer::parse(&answer.text)));
        let mut result = Asked { answers: given.collect(), gone: Vec::new() };
        for unit in asked.iter().filter(|unit| of(unit).is_none()) {
            if living.contains(unit) {
                result.answers.push((unit.clone(), Answer::of_error(&"it did not answer in time")));
            } else {
                result.gone.push(unit.clone());
            }
        }
        return Ok(result);
    }
}

/// Units that were heard of lately.
async fn living(store: &Store) -> Result<Vec<String>, StorageError> {
    let units = store.gossip().units(UNITS_LIMIT).await?;
    let lives = |unit: &UnitState| Duration::from_millis(unit.silent_for) <= SILENCE_LIMIT;
    Ok(units.into_iter().filter(lives).map(|unit| unit.unit).collect())
}

/// The last request before this unit is on the list, whose answer nobody expects of it.
pub(super) async fn last(store: &Store) -> RequestId {
    loop {
        match store.gossip().last_request().await {
            Ok(last) => return last,
            Err(error) => tracing::warn!(%error, "requests to this unit cannot be read"),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Answers requests for ever, those made after `last`.
pub(super) async fn serve(unit: &Unit, mut last: RequestId) {
    loop {
        if let Err(error) = serve_next(unit, &mut last).await {
            tracing::warn!(%error, "requests to this unit cannot be answered");
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// A request whose answer could not be written is answered again.
async fn serve_next(unit: &Unit, last: &mut RequestId) -> Result<(), StorageError> {
    let store = unit.store.gossip();
    for request in store.requests(*last, BATCH).await? {
        if let Some(kind) = Request::ALL.into_iter().find(|kind| kind.kind() == request.kind) {
            tracing::info!(request = kind.kind(), "asked by an operator");
            let text = serde_json::to_string(&answer(unit, kind).await).unwrap_or_default();
            store.answer(request.id, &unit.name, &text).await?;
        }
        *last = request.id;
    }
    Ok(())
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
