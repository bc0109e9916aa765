//! Recorded sessions of other implementations, with this one in the place of either side.

mod answering;
mod asking;
mod recording;

use ptree::session::SessionError;

use recording::{Recording, names};

/// How a session ends that takes part in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As it should.
    Completed,
    /// The peer does not fit, says this side.
    Refuses,
    /// The peer says that this side does not fit.
    Refused,
    /// The peer closed without a word.
    Silent,
    /// The peer closed before the end.
    Early,
    /// What the peer sent is not the protocol.
    Malformed,
    /// The peer sent `Error`.
    Rejected,
}

/// A recording, how this implementation ends in the initiator's place and how in the acceptor's place;
/// `None` where the set of that side is not recorded, because it was a script.
type Case = (&'static str, Option<End>, Option<End>);

#[rustfmt::skip]
const CASES: [Case; 41] = {
    use End::{Completed, Early, Malformed, Refused, Refuses, Rejected, Silent};
    [
        ("conflux_reactive_irreducible", Some(Early), None),
        ("conflux_reactive_missing_node", Some(Completed), None),
        ("conflux_reactive_odd_prefix", Some(Malformed), None),
        ("conflux_reactive_samples0", Some(Malformed), None),
        ("conflux_reactive_samples5", Some(Malformed), None),
        ("conflux_reactive_samples7", Some(Malformed), None),
        ("go_go_bad_filters", Some(Refuses), Some(Refuses)),
        // Where a side had the wrong value, this one in its place has the right one; its peer insists.
        ("go_go_bad_mbar", Some(Refused), Some(Refuses)),
        // The older version is good enough here, but the peer that has it insists on its own.
        ("go_go_bad_version", Some(Refused), Some(Refused)),
        ("go_go_empty_initiator", Some(Completed), Some(Completed)),
        ("go_go_fullelements", Some(Completed), Some(Completed)),
        ("go_go_large_syncfail", Some(Completed), Some(Completed)),
        ("go_go_leaf_syncfail", Some(Completed), Some(Completed)),
        ("go_go_medium_poly", Some(Completed), Some(Completed)),
        ("go_go_same", Some(Completed), Some(Completed)),
        ("go_go_tiny", Some(Completed), Some(Completed)),
        ("gosks_badfilters", Some(Refuses), Some(Refuses)),
        ("gosks_badmbar", Some(Refused), Some(Refuses)),
        ("gosks_badversion", Some(Refused), Some(Refuses)),
        ("gosks_big_poly", Some(Completed), Some(Completed)),
        ("gosks_big_syncfail", Some(Completed), Some(Completed)),
        ("gosks_disabled", Some(Silent), Some(Early)),
        ("gosks_small", Some(Completed), Some(Completed)),
        ("gosks_unauth", Some(Silent), Some(Early)),
        ("sks_driver_error_reply", None, Some(Rejected)),
        ("sks_driver_fullelements", None, Some(Completed)),
        ("sks_driver_syncfail_then_empty_elements_split", None, Some(Completed)),
        ("sks_reactive_error_from_driver", Some(Rejected), None),
        ("sks_reactive_full_missing_node", Some(Early), None),
        ("sks_reactive_full_odd_prefix", Some(Malformed), None),
        ("sks_reactive_full_root_empty", Some(Completed), None),
        ("sks_reactive_no_flush_no_reply", Some(Completed), None),
        ("sks_reactive_poly_5_samples", Some(Malformed), None),
        ("sks_reactive_poly_7_samples", Some(Malformed), None),
        ("sks_reactive_poly_leaf_unsolvable", Some(Completed), None),
        ("sks_reactive_poly_missing_node", Some(Early), None),
        ("sks_reactive_poly_size_mismatch", Some(Completed), None),
        // A sample that no set has is refused here.
        ("sks_reactive_poly_zero_samples", Some(Malformed), None),
        ("sksgo_big", Some(Completed), Some(Completed)),
        ("sksgo_big_poly", Some(Completed), Some(Completed)),
        ("sksgo_small", Some(Completed), Some(Completed)),
    ]
};

/// No recording lies unused.
#[test]
fn every_recording_is_used() {
    let used: Vec<String> = CASES.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(names(), used);
    assert!(CASES.iter().all(|(_, follow, lead)| follow.is_some() || lead.is_some()));
}

/// In the initiator's place each request gets one reply of the right contents, and what the recorded
/// implementation learned is learned.
#[test]
fn recorded_requests_are_answered() {
    for (name, follow, _) in CASES {
        if let Some(end) = follow {
            answering::check(&Recording::read(name), end);
        }
    }
}

/// In the acceptor's place the recorded nodes are asked about, and all that the peer reports is learned
/// and nothing else.
#[test]
fn recorded_replies_are_understood() {
    for (name, _, lead) in CASES {
        if let Some(end) = lead {
            asking::check(&Recording::read(name), end);
        }
    }
}

fn end(result: &Result<(), SessionError>) -> End {
    use ptree::session::{Side, Transport};
    match result {
        Ok(()) => End::Completed,
        Err(SessionError::Malformed(_)) => End::Malformed,
        Err(SessionError::Incompatible { by: Side::Ours, .. }) => End::Refuses,
        Err(SessionError::Incompatible { by: Side::Peer, .. }) => End::Refused,
        Err(SessionError::Rejected(_)) => End::Rejected,
        Err(SessionError::Transport(Transport::Silent)) => End::Silent,
        Err(SessionError::Transport(Transport::Early | Transport::Handshake)) => End::Early,
        Err(other) => panic!("no recording ends so: {other}"),
    }
}
