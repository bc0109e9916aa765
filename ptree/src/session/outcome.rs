//! What a session is given and what it leaves.

use std::time::Duration;

use super::SessionError;
use super::ledger::Ledger;
use crate::wire::PeerConfig;
use crate::{Element, Tree};

/// What this server tells every peer about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The port at which certificates are asked for.
    pub http_port: u16,
}

/// What this server reconciles with one peer.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The names of the filters, joined by commas and sorted: how the certificates of `tree` were normalised.
    pub filters: String,
    /// The set; the session keeps this snapshot.
    pub tree: Tree,
}

/// What a session leaves.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the peer said of itself; `None` where the session ended before.
    pub peer: Option<PeerConfig>,
    /// Elements that the peer has and the snapshot has not, ascending; kept on failure as well.
    pub learned: Vec<Element>,
    /// How the session ended.
    pub result: Result<(), SessionError>,
    /// Whether a limit left differences to the next session, which should then come soon.
    pub capped: bool,
    /// What it cost.
    pub work: Work,
}

/// What a session cost this side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Frames read.
    pub frames_in: u64,
    /// Frames queued for writing.
    pub frames_out: u64,
    /// Octets read.
    pub octets_in: u64,
    /// Octets written.
    pub octets_out: u64,
    /// `Flush` messages: about as many round trips.
    pub rounds: u64,
    /// `ReconRqstPoly` sent or answered.
    pub polynomials: u64,
    /// `ReconRqstFull` sent or answered.
    pub fulls: u64,
    /// `SyncFail` received or sent.
    pub sync_fails: u64,
    /// `FullElements` received or sent.
    pub full_elements: u64,
    /// Nodes solved or tried.
    pub solves: u64,
    /// Of these, nodes with too many differences.
    pub failed_solves: u64,
    /// Elements given to the peer as lacking there.
    pub given: u64,
    /// Elements received that the snapshot has or that lie outside what was asked for.
    pub superfluous: u64,
    /// From the start to the end.
    pub duration: Duration,
}

impl Outcome {
    pub(super) fn of(
        peer: Option<PeerConfig>,
        ledger: Option<Ledger>,
        result: Result<(), SessionError>,
        work: Work,
    ) -> Self {
        let Some(ledger) = ledger else { return Self { peer, learned: Vec::new(), result, capped: false, work } };
        let (given, superfluous) = ledger.counts();
        let capped = ledger.is_capped();
        Self { peer, learned: ledger.into_learned(), result, capped, work: Work { given, superfluous, ..work } }
    }
}
