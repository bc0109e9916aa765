//! The prefix tree, set reconciliation and gossip protocol of SKS keyservers.
//!
//! Nothing here does input or output, reads a clock or draws random numbers: bytes, times and
//! randomness are arguments. Only the feature `net` runs sessions over asynchronous streams.

#![forbid(unsafe_code)]

mod algebra;
mod element;
pub mod field;
pub mod params;
mod prefix;
mod samples;
mod solve;
mod tree;

pub use algebra::unsolved::Unsolved;
pub use element::Element;
pub use prefix::{Prefix, PrefixError};
pub use samples::Samples;
pub use solve::{Difference, solve};
pub use tree::{Checked, Elements, Inconsistency, Node, NotSorted, Tree};
