//! The programs that share the database.

/// The place of a request in the order of requests.
pub type RequestId = i64;

/// What a unit tells of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitReport<'a> {
    /// Different for every start of a program.
    pub unit: &'a str,
    /// The position in the log that the unit has followed to; `None` while it builds its sets.
    pub position: Option<i64>,
    /// Whatever the units agreed on, such as counts and samples per profile.
    pub state: &'a [u8],
}

/// What is known of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitState {
    pub unit: String,
    pub started_at: i64,
    pub seen_at: i64,
    /// Seconds since then, by the clock of the database.
    pub silent_for: u64,
    pub position: Option<i64>,
    pub state: Vec<u8>,
}

/// Something that all units are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRequest {
    pub id: RequestId,
    pub kind: String,
    pub requested_at: i64,
}

/// What a unit answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitAnswer {
    pub unit: String,
    pub text: String,
    pub at: i64,
}
