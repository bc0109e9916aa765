//! The prefix tree, set reconciliation and gossip protocol of SKS keyservers.
//!
//! Nothing here does input or output, reads a clock or draws random numbers: bytes, times and
//! randomness are arguments. Only the feature `net` runs sessions over asynchronous streams.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod algebra;
mod element;
pub mod field;
#[cfg(feature = "net")]
pub mod net;
pub mod params;
mod prefix;
mod samples;
pub mod session;
mod solve;
#[cfg(feature = "testing")]
pub mod testing;
mod tree;
pub mod wire;

pub use algebra::unsolved::Unsolved;
pub use element::Element;
pub use prefix::{Prefix, PrefixError};
pub use samples::Samples;
pub use solve::{Difference, solve};
pub use tree::{Checked, Elements, Inconsistency, Node, NotSorted, Tree};

/// The example of the readme is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
