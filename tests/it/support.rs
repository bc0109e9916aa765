//! What tests share.

pub mod administrator;
pub mod authority;
pub mod backend;
pub mod certificates;
pub mod certs;
pub mod forge;
pub mod hockeypuck;
pub mod log;
pub mod ports;
pub mod postgres;
pub mod processor;
pub mod ptree;
pub mod records;
pub mod request;
pub mod secure;
pub mod server;
pub mod staging;
pub mod store;
pub mod tools;
