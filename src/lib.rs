//! An OpenPGP keyserver. `ARCHITECTURE.md` is the map.
//!
//! Modules use only those of lower levels; a test enforces it from the imports.

pub mod app;
pub mod cert;
pub mod cli;
pub mod config;
pub mod domain;
pub mod gossip;
pub mod http;
pub mod jobs;
pub mod keyring;
pub mod storage;
pub mod telemetry;
