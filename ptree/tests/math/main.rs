//! The field, solving and the tree against other implementations and naive ones.

mod field;
mod generators;
mod solving;
mod tree;
mod vectors;
