//! ASCII armor (RFC 9580 section 6).

mod decode;
pub mod encode;

pub use decode::{DecodeError, decode};
