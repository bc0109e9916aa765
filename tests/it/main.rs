//! Tests of the whole program and of its parts with everything real around them: one binary, so
//! that everything is linked once.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cert;
mod storage;
mod support;
mod tidy;
