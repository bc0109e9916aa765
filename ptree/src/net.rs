//! Sessions over asynchronous byte streams.
//!
//! The caller provides the connection (with `TCP_NODELAY`, because peers wait for small messages) and
//! decides who may connect. Nothing here spawns tasks. A future that is dropped ends its session:
//! the connection closes with it, and what was learned is lost.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout, timeout_at};

pub use crate::session::{
    Budget, Chosen, Deadline, Limits, Misbehaviour, Offer, Outcome, SessionError, Side, Transport, Work,
};
use crate::session::{Follow, Lead, Session};
pub use crate::wire::{PeerConfig, Text, WireError};

/// Runs the session of a connection that a peer opened: this side asks.
///
/// `choose` sees what the peer says of itself and answers what to reconcile with it, or the sentence
/// with which it is refused.
pub async fn accept<S, C>(stream: S, offer: &Offer, choose: C, limits: &Limits) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: FnOnce(&PeerConfig) -> Result<Chosen, String>,
{
    let mut choose = Some(choose);
    run(stream, Lead::new(offer, limits, Duration::ZERO), |lead: &mut Lead, now| {
        if let Some(peer) = lead.choice().cloned()
            && let Some(choose) = choose.take()
        {
            lead.choose(choose(&peer), now);
        }
    })
    .await
}

/// Runs the session of a connection that this side opened: the peer asks.
///
/// `random` gives any numbers; only the time that finding roots of polynomials takes depends on them.
pub async fn initiate<S, R>(stream: S, offer: &Offer, chosen: Chosen, limits: &Limits, random: R) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: FnMut() -> u64,
{
    run(stream, Follow::new(offer, chosen, limits, random, Duration::ZERO), |_, _| ()).await
}

/// Tells a peer with one sentence that it is not served at present. Takes as long as a handshake at most.
pub async fn refuse<S>(stream: S, offer: &Offer, reason: &str, limits: &Limits) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    run(stream, Lead::new(offer, limits, Duration::ZERO), |lead, now| lead.turn_away(reason, now)).await
}

/// Octets read at once: requests worth a few milliseconds of solving.
const READ_OCTETS: usize = 8 << 10;
/// How long a connection stays open for a peer that still sends: closing at once could destroy what was written.
const LINGER: Duration = Duration::from_secs(1);
/// How often such a peer is read from in that time.
const LINGER_READS: usize = 64;

/// What happened on a connection.
enum Event {
    Read(usize),
    Wrote(usize),
    Flushed,
}

/// What of a connection still works.
struct Connection<S> {
    stream: S,
    /// Whether the peer has closed its side.
    at_end: bool,
    /// Whether octets were written that have not been flushed.
    unflushed: bool,
}

async fn run<S, T, F>(stream: S, mut session: T, mut react: F) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: Session,
    F: FnMut(&mut T, Duration),
{
    let start = Instant::now();
    let mut connection = Connection { stream, at_end: false, unflushed: false };
    let mut buffer = vec![0; READ_OCTETS];
    while !session.is_ended() || !session.output().is_empty() || connection.unflushed {
        let deadline = start + session.deadline();
        let event = timeout_at(deadline, poll_fn(|cx| connection.poll(cx, &session, &mut buffer))).await;
        let now = start.elapsed();
        match event {
            Err(_) if session.is_ended() => break,
            Err(_) => session.expire(now),
            Ok(Err(error)) => {
                session.failed(error.kind(), now);
                break;
            }
            Ok(Ok(Event::Read(0))) => {
                connection.at_end = true;
                session.closed(now);
            }
            Ok(Ok(Event::Read(count))) => {
                session.receive(buffer.get(..count).unwrap_or_default(), now);
                react(&mut session, now);
            }
            Ok(Ok(Event::Wrote(count))) => {
                connection.unflushed = true;
                session.sent(count, now);
            }
            Ok(Ok(Event::Flushed)) => connection.unflushed = false,
        }
    }
    let outcome = session.finish();
    connection.close(outcome.result.is_err(), &mut buffer).await;
    outcome
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Writes or reads, whichever is possible: neither waits for the other, since the peer may do the same.
    fn poll<T: Session>(&mut self, cx: &mut Context<'_>, session: &T, buffer: &mut [u8]) -> Poll<io::Result<Event>> {
        let output = session.output();
        if !output.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, output) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(result) => return Poll::Ready(result.map(Event::Wrote)),
                Poll::Pending => {}
            }
        } else if self.unflushed
            && let Poll::Ready(result) = Pin::new(&mut self.stream).poll_flush(cx)
        {
            return Poll::Ready(result.map(|()| Event::Flushed));
        }
        if self.at_end || !session.wants_input() {
            return Poll::Pending;
        }
        let mut buffer = ReadBuf::new(buffer);
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
        read.map_ok(|()| Event::Read(buffer.filled().len()))
    }

    /// Closes the connection. Nobody waits for errors of a connection that has done its work.
    async fn close(mut self, failed: bool, buffer: &mut [u8]) {
        let _ = timeout(LINGER, async {
            let _ = self.stream.shutdown().await;
            // A peer that was sending is let finish a little, so that it can read why.
            let mut left = if failed && !self.at_end { LINGER_READS } else { 0 };
            while left > 0 && self.stream.read(buffer).await.is_ok_and(|count| count > 0) {
                left -= 1;
            }
        })
        .await;
    }
}
