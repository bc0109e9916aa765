//! The store.

mod conformance;
mod explain;
mod limits;
mod migrations;
mod postgres_log;
