//! What tests share.

pub mod postgres;
pub mod records;
pub mod store;
