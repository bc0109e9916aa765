//! The protocol against vectors of other implementations, against itself and against peers that break its rules.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails by panicking"
)]

mod atlas;
mod converge;
mod cost;
mod faults;
mod hostile;
mod messages;
mod polling;
mod replies;
mod streams;
mod support;
mod transcripts;
