//! Tests of the whole program and of its parts with everything real around them: one binary, so
//! that everything is linked once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod cert;
mod clients;
mod durability;
mod fuzz;
mod http;
mod storage;
mod support;
mod tidy;
