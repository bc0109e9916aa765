//! Asking a peer for certificates by digest, over plain HTTP.

use bytes::{Bytes, BytesMut};
use thiserror::Error;

use super::hashquery::{self, AnswerError};
use crate::config::PeerAddress;
use crate::domain::Digest;

/// The most octets of one answer.
const ANSWER_OCTETS: usize = 32 << 20;
/// What peers name this request; some demand it.
const CONTENT_TYPE: &str = "sks/hashquery";

/// Why a peer's answer is not there.
#[derive(Debug, Error)]
pub enum FetchError {
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("it took too long")]
    TimedOut,
    #[error("it answered HTTP status {0}")]
    Refused(u16),
    #[error("its answer cannot be read: {0}")]
    Malformed(#[from] AnswerError),
    #[error("its answer is larger than {ANSWER_OCTETS} octets")]
    TooLarge,
}

/// A client for requests by digest, with connections that are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: reqwest::Client,
}

impl Fetcher {
    pub fn new(client: reqwest::Client) -> Self {
        Self { client }
    }

    /// The certificates that the peer has of those with `digests`, in its order.
    pub async fn fetch(&self, peer: &PeerAddress, digests: &[Digest]) -> Result<Vec<Bytes>, FetchError> {
        let request = self.client.post(format!("http://{peer}/pks/hashquery"));
        let request = request.header(http::header::CONTENT_TYPE, CONTENT_TYPE).body(hashquery::request(digests));
        let mut answer = request.send().await?;
        if !answer.status().is_success() {
            return Err(FetchError::Refused(answer.status().as_u16()));
        }
        let mut body = BytesMut::new();
        while let Some(piece) = answer.chunk().await? {
            if body.len() + piece.len() > ANSWER_OCTETS {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(hashquery::certificates(body, digests.len())?)
    }
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        // The address is known from the partner's name, and may be one that is masked.
        Self::Unreachable(error.without_url().to_string())
    }
}
