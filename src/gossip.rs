//! Exchange of certificates with other keyservers: who may connect, who is contacted when, and what is pushed.

pub mod access;
pub mod filters;
pub mod proxy;
pub mod push;
pub mod schedule;
