//! One suite for both engines.

mod find;
mod hourly;
mod log;
mod put;
mod remove;
