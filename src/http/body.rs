//! Bodies: reading those of requests within limits, and answering in pieces of known length.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

use super::budget::{Budget, Share};
use super::{ApiError, AppState};

/// A request body in memory. It counts against the limit of all bodies together until dropped.
pub(super) struct ReadBody {
    pub octets: Bytes,
    held: Option<Share>,
}

/// Reads a body of at most `limit` octets, within the deadline and the limit of all bodies together.
/// Memory grows with what has arrived, whatever length was announced.
pub(super) async fn read(
    app: &AppState,
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
) -> Result<ReadBody, ApiError> {
    let announced = announced_length(headers);
    let reading = async {
        let fits = announced.is_none_or(|length| length <= limit);
        let read = if fits { read_frames(app, &mut body, limit).await? } else { None };
        match read {
            Some(read) => Ok(read),
            None => {
                let patience = limit.saturating_mul(2);
                if announced.is_none_or(|length| length <= patience) && !headers.contains_key(EXPECT) {
                    discard(&mut body, patience).await;
                }
                Err(too_large(app, limit))
            }
        }
    };
    match tokio::time::timeout(app.settings().body_deadline, reading).await {
        Ok(result) => result,
        Err(_) => {
            app.metrics.refuse("body_deadline");
            Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "the request body did not arrive in time"))
        }
    }
}

/// `None` when there is more than `limit`.
async fn read_frames(app: &AppState, body: &mut Body, limit: usize) -> Result<Option<ReadBody>, ApiError> {
    let mut octets = BytesMut::new();
    let mut held = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::bad_request("the request body could not be read"))?;
        let Ok(data) = frame.into_data() else { continue };
        if octets.len().saturating_add(data.len()) > limit {
            return Ok(None);
        }
        hold(&app.body_octets, data.len(), &mut held).ok_or_else(|| {
            app.metrics.refuse("body_memory");
            ApiError::unavailable("too many submissions are under way; please try again")
        })?;
        octets.extend_from_slice(&data);
    }
    Ok(Some(ReadBody { octets: octets.freeze(), held }))
}

/// Lets the client finish, if it does within `limit` octets: one that is still sending when the
/// connection closes sees a failed connection instead of the refusal.
async fn discard(body: &mut Body, limit: usize) {
    let mut left = limit;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
        left = rest;
    }
}

impl ReadBody {
    /// The octets, and what keeps them counted.
    pub(super) fn into_parts(self) -> (Bytes, Option<Share>) {
        (self.octets, self.held)
    }
}

fn hold(budget: &Budget, octets: usize, held: &mut Option<Share>) -> Option<()> {
    match held {
        Some(held) => held.grow(octets),
        None => {
            *held = Some(budget.take(octets)?);
            Some(())
        }
    }
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(app: &AppState, limit: usize) -> ApiError {
    app.metrics.refuse("body_size");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the request body is too large; the limit is {limit} octets"))
}

/// A response body of several pieces, whose length is known, so that it is not chunked.
pub(super) struct Pieces {
    pieces: VecDeque<Bytes>,
    remaining: u64,
}

impl Pieces {
    pub(super) fn new(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        let pieces: VecDeque<Bytes> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        let remaining = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { pieces, remaining }
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.pop_front();
        self.remaining = self.remaining.saturating_sub(piece.as_ref().map_or(0, |piece| piece.len() as u64));
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}
