//! The legacy HKP interface, one file an endpoint.

pub(super) mod add;
pub(super) mod admin;
pub(super) mod hashquery;
pub(super) mod index;
pub(super) mod lookup;
pub(super) mod stats;

pub use index::index_json;

mod form;
mod get;
mod options;
