//! The prefix tree, set reconciliation and gossip protocol of SKS keyservers.
//!
//! Nothing here does input or output, reads a clock or draws random numbers: bytes, times and
//! randomness are arguments. Only the feature `net` runs sessions over asynchronous streams.

#![forbid(unsafe_code)]

mod element;
mod prefix;

pub use element::Element;
pub use prefix::{Prefix, PrefixError};
