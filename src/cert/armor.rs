//! ASCII armor (RFC 9580 section 6).

mod decode;

pub use decode::{DecodeError, decode};
