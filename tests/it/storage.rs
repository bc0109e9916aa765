//! The store.
#![expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]

mod admin;
mod conformance;
mod explain;
mod gossip;
mod limits;
mod migrations;
mod postgres_log;
mod servers;
mod tls;
