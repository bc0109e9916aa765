//! Work that is done again and again while the server runs.

mod blocklist;
mod prune;
mod statistics;

pub use blocklist::block_listed;
pub use prune::{prune, prune_once};
pub use statistics::{write_counts, write_statistics};
