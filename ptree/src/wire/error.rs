//! Why octets are no message.

use thiserror::Error;

use crate::PrefixError;

/// Why octets are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WireError {
    /// A frame without even a type.
    #[error("an empty frame")]
    EmptyFrame,
    /// A type that does not exist.
    #[error("a message of type {0}")]
    UnknownType(u8),
    /// A field goes beyond its frame.
    #[error("a frame that ends within {0}")]
    Truncated(&'static str),
    /// Octets after the last field.
    #[error("{0} octets after a message")]
    Trailing(usize),
    /// A count that is not what the frame has room for.
    #[error("{count} {of} announced in {octets} octets")]
    Count {
        /// What is counted.
        of: &'static str,
        /// How many are announced.
        count: u32,
        /// How many octets there are for them.
        octets: usize,
    },
    /// A number that is not in the field.
    #[error("a number that is not below the prime")]
    NotInField,
    /// A number that no digest stands for.
    #[error("an element that is no digest")]
    NoDigest,
    /// The same element twice in a message.
    #[error("an element twice in a message")]
    Duplicate,
    /// Samples of another number of points.
    #[error("{0} samples")]
    SampleCount(u32),
    /// A sample that no set has.
    #[error("a sample of 0")]
    ZeroSample,
    /// A prefix that no node has.
    #[error("{0}")]
    Prefix(#[from] PrefixError),
    /// A string of the handshake that is too long.
    #[error("{of} of {octets} octets")]
    TooLong {
        /// Which string.
        of: &'static str,
        /// Its announced length.
        octets: u32,
    },
    /// More key-value pairs than any server has.
    #[error("a configuration of {0} keys")]
    Keys(u32),
}
