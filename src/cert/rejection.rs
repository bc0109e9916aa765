//! Why a whole certificate is not stored.

use thiserror::Error;

use super::frame::FrameError;

/// A reason, as the submitter is told it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Rejection {
    #[error("no valid self-signatures")]
    NoValidSelfSignature,
    #[error("the certificate is larger than {0} octets")]
    TooLarge(usize),
    #[error("the primary key cannot be read: {0}")]
    PrimaryKey(&'static str),
    #[error("version 3 certificates are not supported")]
    Version3,
    #[error("this is a secret key; send the public key, and consider the secret one compromised")]
    SecretKey,
    #[error("the packets cannot be read: {0}")]
    Framing(FrameError),
    #[error("the armor is damaged")]
    Armor,
    #[error("the signature cannot be read: {0}")]
    Signature(&'static str),
    #[error("the certificate is blocked on this server")]
    Blocked,
    #[error("another certificate has the same digest")]
    DigestTaken,
    #[error("only a revocation may come without its certificate")]
    NotARevocation,
    #[error("the certificate that this would revoke is not known here")]
    RevokesUnknown,
    #[error("the revocation is not valid for the certificate of its issuer")]
    InvalidRevocation,
    #[error("there is no certificate in it")]
    NoCertificate,
    #[error("the same certificate is in it twice")]
    Repeated,
    #[error("there are more than {0} certificates in it")]
    TooMany(usize),
    #[error("the certificate could not be processed")]
    Internal,
}

impl Rejection {
    /// A short, stable word for metrics and reports.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NoValidSelfSignature => "no_valid_self_signature",
            Self::TooLarge(_) => "too_large",
            Self::PrimaryKey(_) => "primary_key",
            Self::Version3 => "version3",
            Self::SecretKey => "secret_key",
            Self::Framing(_) => "framing",
            Self::Armor => "armor",
            Self::Signature(_) => "signature",
            Self::Blocked => "blocked",
            Self::DigestTaken => "digest_taken",
            Self::NotARevocation => "not_a_revocation",
            Self::RevokesUnknown => "revokes_unknown",
            Self::InvalidRevocation => "invalid_revocation",
            Self::NoCertificate => "no_certificate",
            Self::Repeated => "repeated",
            Self::TooMany(_) => "too_many",
            Self::Internal => "internal",
        }
    }
}
