//! The body of a request by digest, and its answer.
//!
//! Request: u32 count, then count times u32 16 and a digest. Answer: u32 count, then per certificate
//! u32 length and packets; what follows is ignored. All numbers are big-endian.

use bytes::{Buf, Bytes, BytesMut};

use crate::domain::Digest;

const NUMBER_OCTETS: usize = 4;
const DIGEST_OCTETS: u32 = 16;

/// Why an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[error("more certificates than were asked for")]
    TooMany,
    #[error("it ends within a certificate")]
    Truncated,
}

/// A request for the certificates with these digests.
pub(super) fn request(digests: &[Digest]) -> Vec<u8> {
    let mut body = Vec::with_capacity(NUMBER_OCTETS + digests.len() * (NUMBER_OCTETS + 16));
    body.extend(u32::try_from(digests.len()).unwrap_or(u32::MAX).to_be_bytes());
    for digest in digests {
        body.extend(DIGEST_OCTETS.to_be_bytes());
        body.extend(digest.0);
    }
    body
}

/// The certificates of an answer to a request for `asked` digests.
pub(super) fn certificates(body: BytesMut, asked: usize) -> Result<Vec<Bytes>, AnswerError> {
    let mut rest = body.freeze();
    let count = number(&mut rest)?;
    if count > asked {
        return Err(AnswerError::TooMany);
    }
    let mut certificates = Vec::new();
    for _ in 0..count {
        let length = number(&mut rest)?;
        if length > rest.len() {
            return Err(AnswerError::Truncated);
        }
        certificates.push(rest.split_to(length));
    }
    Ok(certificates)
}

fn number(rest: &mut Bytes) -> Result<usize, AnswerError> {
    let number = rest.try_get_u32().map_err(|_| AnswerError::Truncated)?;
    usize::try_from(number).map_err(|_| AnswerError::Truncated)
}
