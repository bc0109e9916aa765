//! All tests that need more than one module: one binary, so that everything is linked once.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cli;
mod config;
mod http;
mod storage;
mod support;
mod tidy;
