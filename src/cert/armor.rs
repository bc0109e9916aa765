//! ASCII armor (RFC 9580 section 6).

pub mod encode;
