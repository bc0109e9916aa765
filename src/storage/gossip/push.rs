//! How far keyservers that do not reconcile have been told of changes.

/// The state of one target of pushes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushState {
    /// The position in the log up to which all was pushed.
    pub position: i64,
    /// When the last push succeeded, in seconds since 1970.
    pub last_sync: Option<i64>,
    /// How often in a row it failed since.
    pub failures: u32,
    pub last_error: Option<String>,
}
