//! The legacy HKP interface, one file an endpoint.

pub mod add;
pub mod hashquery;
pub mod index;
pub mod lookup;
pub mod stats;

mod get;
mod options;
