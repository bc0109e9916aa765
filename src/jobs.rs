//! Work that is done again and again while the server runs.

mod statistics;

pub use statistics::{write_counts, write_statistics};
