//! `POST /pks/hashquery`: peers fetch certificates by digest after a reconciliation.
//!
//! Request: u32 count, then count times u32 length (16) and a digest. Answer: u32 count, then per
//! certificate u32 length and packets, then CR LF. All numbers are big-endian.

use std::collections::HashSet;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::super::body::{self, Pieces};
use super::super::{ApiError, AppState, reply};
use crate::domain::Digest;

/// The content type that peers send; none is demanded.
pub(crate) const ACCEPTED: &str = "sks/hashquery";

/// The most digests that one request may name.
pub(crate) const DIGESTS_LIMIT: usize = 10_000;
const DIGEST_OCTETS: usize = 16;
const NUMBER_OCTETS: usize = 4;
/// A request with the most digests; octets after the last one are ignored but count.
const BODY_OCTETS_LIMIT: usize = NUMBER_OCTETS + DIGESTS_LIMIT * (NUMBER_OCTETS + DIGEST_OCTETS);

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("pgp/keys");

pub(crate) async fn hashquery(
    State(app): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let (request, _held) = body::read(&app, &headers, body, BODY_OCTETS_LIMIT).await?.into_parts();
    let digests = read_digests(&request)?;
    let found = if digests.is_empty() { Vec::new() } else { app.keyring.fetch_by_digest(&digests).await? };
    let pieces = Pieces::new(answer_pieces(found)?);
    Ok(reply::not_stored(reply::of(CONTENT_TYPE, Body::new(pieces))))
}

/// The digests in their order, each once.
pub(crate) fn read_digests(request: &[u8]) -> Result<Vec<Digest>, ApiError> {
    let truncated = || ApiError::bad_request("the request ends before its last digest");
    let (count, mut rest) = read_number(request).ok_or_else(truncated)?;
    if count > DIGESTS_LIMIT {
        return Err(ApiError::bad_request(format!("a request may name at most {DIGESTS_LIMIT} digests")));
    }
    let mut digests = Vec::new();
    let mut seen = HashSet::new();
    for _ in 0..count {
        let (length, after_length) = read_number(rest).ok_or_else(truncated)?;
        if length != DIGEST_OCTETS {
            return Err(ApiError::bad_request(format!("a digest has {DIGEST_OCTETS} octets")));
        }
        let (octets, after_digest) = after_length.split_first_chunk().ok_or_else(truncated)?;
        rest = after_digest;
        let digest = Digest(*octets);
        if seen.insert(digest) {
            digests.push(digest);
        }
    }
    Ok(digests)
}

fn read_number(octets: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = octets.split_first_chunk()?;
    Some((usize::try_from(u32::from_be_bytes(*number)).ok()?, rest))
}

pub(crate) fn answer_pieces(found: Vec<Bytes>) -> Result<Vec<Bytes>, ApiError> {
    let mut pieces = Vec::with_capacity(2 * found.len() + 2);
    pieces.push(number(found.len())?);
    for packets in found {
        pieces.push(number(packets.len())?);
        pieces.push(packets);
    }
    pieces.push(Bytes::from_static(b"\r\n"));
    Ok(pieces)
}

fn number(value: usize) -> Result<Bytes, ApiError> {
    let value = u32::try_from(value).map_err(ApiError::internal)?;
    Ok(Bytes::copy_from_slice(&value.to_be_bytes()))
}
