//! What one session may cost.

use std::time::Duration;

use crate::wire::limits::{FRAME_OCTETS, HELLO_OCTETS};

/// What one session may cost this side. Each limit that is reached ends the session with an error that
/// names it, except those that only leave work to the next session (then the outcome is `capped`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the connection to the end of the handshake.
    pub handshake: Duration,
    /// How long the side that asks waits for a reply.
    pub reply: Duration,
    /// How long the side that answers waits for a message, and how long either waits for its own octets to leave.
    pub idle: Duration,
    /// From the connection to the end.
    pub session: Duration,
    /// After the last message, for the last octets to leave.
    pub closing: Duration,
    /// Octets of a frame of the handshake.
    pub hello_octets: usize,
    /// Octets of a frame after the handshake.
    pub frame_octets: usize,
    /// Frames read.
    pub frames: u64,
    /// Octets read.
    pub octets: u64,
    /// Nodes solved or tried.
    pub solves: u64,
    /// Requests held without a `Flush`.
    pub unflushed: usize,
    /// Requests sent; more are left to the next session.
    pub requests: u64,
    /// Elements learned; more are left to the next session.
    pub learned: usize,
    /// Elements given away; more are left to the next session. Those of `FullElements`, which are few, do not count.
    pub given: usize,
    /// Elements of one reply; more are left to the next session.
    pub reply_elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            reply: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            session: Duration::from_secs(15 * 60),
            closing: Duration::from_secs(5),
            hello_octets: HELLO_OCTETS,
            frame_octets: FRAME_OCTETS,
            frames: 1_000_000,
            octets: 256 << 20,
            solves: 200_000,
            unflushed: 1000,
            requests: 500_000,
            learned: 100_000,
            given: 100_000,
            reply_elements: 20_000,
        }
    }
}
