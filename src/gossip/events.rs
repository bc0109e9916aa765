//! What units tell each other of their dealings with partners, as it is kept in the database.

use serde::{Deserialize, Serialize};

use crate::config::PeerAddress;
use crate::domain::Profile;

/// The longest error that is kept.
const ERROR_CHARACTERS: usize = 300;

/// Kinds of events; the last of each is kept.
pub mod kind {
    /// The partner opened a session, which came to its end.
    pub const INCOMING: &str = "incoming";
    pub const INCOMING_ERROR: &str = "incoming-error";
    /// This server opened a session, which came to its end.
    pub const OUTGOING: &str = "outgoing";
    pub const OUTGOING_ERROR: &str = "outgoing-error";
    /// The partner answered with certificates.
    pub const RECOVERY: &str = "recovery";
    pub const RECOVERY_ERROR: &str = "recovery-error";
}

/// The details of an event; what is unknown is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// The profile by which the partner was recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Where the partner answers for certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Detail {
    pub fn of_partner(profile: Option<Profile>, http: Option<&PeerAddress>) -> Self {
        let profile = profile.map(|profile| profile.as_str().to_owned());
        Self { profile, http: http.map(ToString::to_string), error: None }
    }

    pub fn with_error(mut self, error: &str) -> Self {
        self.error = Some(error.chars().take(ERROR_CHARACTERS).collect());
        self
    }

    /// Of another version's details, what can be read.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn profile(&self) -> Option<Profile> {
        Profile::ALL.into_iter().find(|profile| self.profile.as_deref() == Some(profile.as_str()))
    }

    pub fn http(&self) -> Option<PeerAddress> {
        self.http.as_ref()?.parse().ok()
    }
}
