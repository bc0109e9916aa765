//! What a session tells of a partner, as it is kept in the database for all units.

use serde::{Deserialize, Serialize};

use crate::config::PeerAddress;
use crate::domain::Profile;

/// The kind of event under which it is kept.
pub const KIND: &str = "known";

/// What is unknown is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// The profile by which the partner was recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    /// Where the partner answers for certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<String>,
}

impl Known {
    pub fn new(profile: Option<Profile>, http: Option<&PeerAddress>) -> Self {
        Self { profile: profile.map(|profile| profile.as_str().to_owned()), http: http.map(ToString::to_string) }
    }

    /// Of what another version of the program wrote, what can be read.
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
