//! What has been answered with success stays, whatever happens to the process.

pub mod audit;
mod block;
mod kill;
mod submitter;
mod writers;
