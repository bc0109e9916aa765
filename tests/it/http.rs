//! The HTTP interface as clients see it, over a real store.

mod add;
mod admin;
mod caller;
mod clients;
mod conditional;
mod errors;
mod get;
mod hashquery;
mod health;
mod index;
mod limits;
mod log;
mod lookup;
mod methods;
mod metrics;
mod pages;
mod records;
mod request_id;
mod scripted;
mod serve;
mod stats;
mod tls;
mod world;
