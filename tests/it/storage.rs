//! The store: both engines must do the same.

mod conformance;
