//! The field, solving and the tree against other implementations and naive ones.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails by panicking"
)]

mod field;
mod generators;
mod solving;
mod tree;
mod vectors;
