//! What happened with other keyservers, as all units on the store know it.

use std::collections::BTreeMap;

use super::Keyring;
use crate::domain::peer::Attempts;
use crate::domain::{PeerEvent, PeerStatus, PushStatus};
use crate::storage::StorageError;
use crate::storage::gossip::{DETAIL_OCTETS, PartnerState};

/// The most partners, and the most targets, that are told of.
const ROWS_LIMIT: u32 = 1000;
/// The longest sentence that is kept about a failure, in octets.
const ERROR_OCTETS_LIMIT: usize = 500;
const _: () = assert!(ERROR_OCTETS_LIMIT < DETAIL_OCTETS, "the store takes what is kept");

impl Keyring {
    /// Notes what happened with a partner. `error` is a sentence, or empty.
    pub async fn note_peer(&self, name: &str, event: PeerEvent, unit: &str, error: &str) -> Result<(), StorageError> {
        self.store.gossip().partner_event(name, event.code(), unit, &short(error)).await
    }

    /// What is known of partners, by name.
    pub async fn peers(&self) -> Result<BTreeMap<String, PeerStatus>, StorageError> {
        let states = self.store.gossip().partner_states(ROWS_LIMIT).await?;
        Ok(states.into_iter().map(|state| (state.name.clone(), in_seconds(status(&state)))).collect())
    }

    /// What is known of targets of pushes, by target.
    pub async fn push_targets(&self) -> Result<BTreeMap<String, PushStatus>, StorageError> {
        let states = self.store.gossip().push_states(ROWS_LIMIT).await?;
        let statuses = states.into_iter().map(|(target, state)| {
            (target, PushStatus { last_sync: state.last_sync.map(seconds), error: state.last_error })
        });
        Ok(statuses.collect())
    }
}

/// At most [`ERROR_OCTETS_LIMIT`] octets of `text`, on one line.
pub fn short(text: &str) -> String {
    let mut short = String::new();
    for character in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if short.len() + character.len_utf8() > ERROR_OCTETS_LIMIT {
            break;
        }
        short.push(character);
    }
    short
}

fn status(state: &PartnerState) -> PeerStatus {
    let last = |event: PeerEvent| state.events.iter().find(|last| last.kind == event.code());
    let attempts = |success, failure| {
        let success = last(success).map(|event| event.at);
        let failure = last(failure).filter(|failure| success.is_none_or(|at| failure.at > at));
        Attempts { success, error: failure.map(|failure| failure.detail.clone()) }
    };
    let mut status = PeerStatus {
        incoming: attempts(PeerEvent::Incoming, PeerEvent::IncomingFailure),
        outgoing: attempts(PeerEvent::Outgoing, PeerEvent::OutgoingFailure),
        recovery: attempts(PeerEvent::Recovery, PeerEvent::RecoveryFailure),
        is_incompatible: false,
    };
    let incompatible = last(PeerEvent::Incompatible).map(|event| event.at);
    status.is_incompatible = incompatible > status.last_session();
    status
}

/// From the times of the store.
fn in_seconds(mut status: PeerStatus) -> PeerStatus {
    for attempts in [&mut status.incoming, &mut status.outgoing, &mut status.recovery] {
        attempts.success = attempts.success.map(seconds);
    }
    status
}

fn seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::gossip::PartnerEvent;

    fn state(events: &[(PeerEvent, i64, &str)]) -> PartnerState {
        let event = |(event, at, detail): &(PeerEvent, i64, &str)| PartnerEvent {
            kind: event.code().to_owned(),
            at: *at,
            unit: "unit".to_owned(),
            detail: (*detail).to_owned(),
        };
        let events = events.iter().map(event).collect();
        PartnerState { name: "a".to_owned(), next_due: 0, owner: None, events }
    }

    /// An error counts until the next success of its kind.
    #[test]
    fn successes_end_errors() {
        let failing = status(&state(&[(PeerEvent::Incoming, 5, ""), (PeerEvent::IncomingFailure, 7, "broken")]));
        assert_eq!(failing.incoming, Attempts { success: Some(5), error: Some("broken".to_owned()) });
        let mended = status(&state(&[(PeerEvent::Incoming, 9, ""), (PeerEvent::IncomingFailure, 7, "broken")]));
        assert_eq!(mended.incoming, Attempts { success: Some(9), error: None });
        assert_eq!(mended.last_session(), Some(9));
        assert_eq!(status(&state(&[])), PeerStatus::default());
    }

    /// A partner is pushed to only as long as it does not fit.
    #[test]
    fn a_session_ends_incompatibility() {
        let incompatible = |events: &[(PeerEvent, i64, &str)]| status(&state(events)).is_incompatible;
        assert!(!incompatible(&[]));
        assert!(incompatible(&[(PeerEvent::Incompatible, 5, "")]));
        assert!(incompatible(&[(PeerEvent::Incompatible, 5, ""), (PeerEvent::Outgoing, 4, "")]));
        assert!(!incompatible(&[(PeerEvent::Incompatible, 5, ""), (PeerEvent::Outgoing, 5, "")]));
        assert!(!incompatible(&[(PeerEvent::Incompatible, 5, ""), (PeerEvent::Incoming, 6, "")]));
    }

    /// What a peer says is kept short and on one line.
    #[test]
    fn errors_are_short() {
        assert_eq!(short("a\nb\0c"), "a b c");
        assert!(short(&"ä".repeat(1000)).len() <= ERROR_OCTETS_LIMIT);
    }
}
