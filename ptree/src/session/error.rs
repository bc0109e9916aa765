//! Why a session failed.

use thiserror::Error;

use crate::wire::{Text, WireError};

/// Why a session failed. Whatever it was, what had been learned is kept.
///
/// | variant | whose fault | state after | the operator's action |
/// | --- | --- | --- | --- |
/// | [`Malformed`](Self::Malformed) | the peer's: its octets are not this protocol | `Error` was sent, closed | none; if it persists, tell the peer's operator, or the port serves something else |
/// | [`Incompatible`](Self::Incompatible) | nobody's: the servers are set up differently | `failed` was sent or read, closed | compare the filters and versions of both, or stop peering |
/// | [`Misbehaved`](Self::Misbehaved) | the peer's: well-formed, but against the rules | `Error` was sent, closed | as for `Malformed` |
/// | [`Rejected`](Self::Rejected) | ours, says the peer | closed | read the peer's sentence; report it if the peer is right |
/// | [`Transport`](Self::Transport) | the network's, or the peer stopped, or it does not admit this address | closed | none unless it persists; then check that the peer lists this server |
/// | [`TimedOut`](Self::TimedOut) | the network's or the peer's | closed | none unless it persists |
/// | [`Budget`](Self::Budget) | the peer's, or a limit is too small for an honest peer | `Error` was sent, closed | none, or raise the limit named |
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// What came is not this protocol.
    #[error("malformed: {0}")]
    Malformed(#[from] WireError),
    /// The two servers cannot reconcile.
    #[error("{by} refuses: {reason}")]
    Incompatible {
        /// Who refuses.
        by: Side,
        /// Why.
        reason: Text,
    },
    /// A message that was not due.
    #[error("misbehaved: {0}")]
    Misbehaved(#[from] Misbehaviour),
    /// The peer's `Error` message.
    #[error("the peer rejects a message: {0}")]
    Rejected(Text),
    /// The connection ended or failed.
    #[error("{0}")]
    Transport(#[from] Transport),
    /// Something did not come in time.
    #[error("timed out: {0}")]
    TimedOut(#[from] Deadline),
    /// A limit of this side was reached.
    #[error("too much: {0}")]
    Budget(#[from] Budget),
}

/// One of the two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Side {
    /// The server that runs this code.
    #[error("this server")]
    Ours,
    /// The other one.
    #[error("the peer")]
    Peer,
}

/// Well-formed messages that were not due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// The first message was not the configuration.
    #[error("{0} in place of the configuration")]
    NoConfig(&'static str),
    /// A message that the peer's role never sends.
    #[error("{0} is not for the peer's role")]
    Role(&'static str),
    /// A reply while no request was open.
    #[error("{0} without a request")]
    Unasked(&'static str),
    /// A reply of a kind that does not answer the request.
    #[error("{0} does not answer the request")]
    WrongReply(&'static str),
    /// A request whose elements are not all below its prefix.
    #[error("a request with elements outside of its prefix")]
    OutsidePrefix,
}

/// How the connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Transport {
    /// Closed before the peer said anything: it is busy, or does not admit this address.
    #[error("closed without a word")]
    Silent,
    /// Closed during the handshake.
    #[error("closed during the handshake")]
    Handshake,
    /// Closed after the handshake and before the end, at or within a frame.
    #[error("closed before the end")]
    Early,
    /// An error of the operating system.
    #[error("the connection failed: {0}")]
    Failed(std::io::ErrorKind),
}

/// What did not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Deadline {
    /// The end of the handshake.
    #[error("the handshake")]
    Handshake,
    /// A reply.
    #[error("a reply")]
    Reply,
    /// The next message.
    #[error("the next message")]
    Idle,
    /// Octets that the peer does not read.
    #[error("writing")]
    Writing,
    /// The end of the session.
    #[error("the session")]
    Session,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Budget {
    /// A frame's announced length.
    #[error("a frame of {0} octets")]
    Frame(u32),
    /// Frames in all.
    #[error("frames")]
    Frames,
    /// Octets in all.
    #[error("octets")]
    Octets,
    /// Nodes to solve.
    #[error("nodes to solve")]
    Solves,
    /// Requests without a `Flush`.
    #[error("requests without a flush")]
    Unflushed,
}
