//! What tests share.

pub mod certificates;
pub mod forge;
pub mod postgres;
pub mod records;
pub mod store;
