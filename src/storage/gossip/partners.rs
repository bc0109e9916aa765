//! Whose turn a partner is, and what was last heard of it.

/// A partner as all units see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerState {
    pub name: String,
    /// When the next turn is due; 0 when there was none.
    pub next_due: i64,
    /// The unit whose turn was the last.
    pub owner: Option<String>,
    /// The last of each kind, in order of the kinds.
    pub events: Vec<PartnerEvent>,
}

/// The last event of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerEvent {
    pub kind: String,
    pub at: i64,
    pub unit: String,
    /// Whatever the units agreed on, such as JSON.
    pub detail: String,
}
