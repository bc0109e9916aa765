//! Sessions over asynchronous byte streams.
//!
//! The caller provides the connection (with `TCP_NODELAY`, because peers wait for small messages) and
//! decides who may connect. Nothing here spawns tasks. A future that is dropped ends its session:
//! the connection closes with it and what was learned is lost.

use tokio::io::{AsyncRead, AsyncWrite};

pub use crate::session::{Budget, Chosen, Deadline, Limits, Misbehaviour, Offer, Outcome, SessionError, Side, Transport, Work};
pub use crate::wire::{PeerConfig, Text};

/// Runs the session of a connection that a peer opened: this side asks.
///
/// `choose` sees what the peer says of itself and answers what to reconcile with it, or the sentence
/// with which it is refused.
pub async fn accept<S, C>(stream: S, offer: &Offer, choose: C, limits: &Limits) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: FnOnce(&PeerConfig) -> Result<Chosen, String>,
{
}

/// Runs the session of a connection that this side opened: the peer asks.
///
/// `random` gives any numbers; they only decide in which order roots of polynomials are found.
pub async fn initiate<S, R>(stream: S, offer: &Offer, chosen: Chosen, limits: &Limits, random: R) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: FnMut() -> u64,
{
}

/// Tells a peer that it cannot be served, with one sentence, in bounded time.
pub async fn refuse<S>(stream: S, offer: &Offer, reason: &str, limits: &Limits)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
}
