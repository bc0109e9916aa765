//! What units tell each other about keyservers that they exchange certificates with.

/// The last thing of its kind that happened with a partner; a short text in the database.
///
/// The detail that is stored with a failure is one sentence for the operator, else it is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PeerEvent {
    /// A session that the partner opened succeeded.
    Incoming,
    IncomingFailure,
    /// A session that this server opened succeeded.
    Outgoing,
    OutgoingFailure,
    /// The handshake showed that the two do not fit, whoever opened the session.
    Incompatible,
    /// A fetch from the partner succeeded.
    Recovery,
    RecoveryFailure,
}

impl PeerEvent {
    const ALL: [Self; 7] = [
        Self::Incoming,
        Self::IncomingFailure,
        Self::Outgoing,
        Self::OutgoingFailure,
        Self::Incompatible,
        Self::Recovery,
        Self::RecoveryFailure,
    ];

    /// The text that stands for the event in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::IncomingFailure => "incoming-failure",
            Self::Outgoing => "outgoing",
            Self::OutgoingFailure => "outgoing-failure",
            Self::Incompatible => "incompatible",
            Self::Recovery => "recovery",
            Self::RecoveryFailure => "recovery-failure",
        }
    }

    /// The reverse of [`PeerEvent::code`]; `None` for what another version of the program wrote.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.code() == code)
    }
}

/// Successes and failures of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// When it last succeeded, in seconds since 1970.
    pub success: Option<i64>,
    /// What went wrong since.
    pub error: Option<String>,
}

/// What is known of one partner, by all units together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerStatus {
    pub incoming: Attempts,
    pub outgoing: Attempts,
    pub recovery: Attempts,
    /// The last handshake showed that the two do not fit.
    pub is_incompatible: bool,
}

impl PeerStatus {
    /// When a session last succeeded, whoever opened it.
    pub fn last_session(&self) -> Option<i64> {
        self.incoming.success.max(self.outgoing.success)
    }
}

/// What is known of one target of pushes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushStatus {
    /// When a push last succeeded, in seconds since 1970.
    pub last_sync: Option<i64>,
    pub error: Option<String>,
}
