//! Tests of the whole program and of its parts with everything real around them.

mod storage;
mod support;
