//! Tests of the whole program and of its parts with everything real around them: one binary, so
//! that everything is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::type_complexity,
    clippy::needless_pass_by_value,
    clippy::disallowed_methods,
    clippy::zombie_processes,
    reason = "a test fails by panicking, and ends its tasks and processes with itself"
)]

mod adopt;
mod cert;
mod charm;
mod cli;
mod clients;
mod config;
mod deploy;
mod durability;
mod fuzz;
mod gossip;
mod http;
mod observability;
mod storage;
mod support;
mod tidy;
