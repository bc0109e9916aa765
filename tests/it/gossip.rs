//! Exchange of certificates with other keyservers, over real sockets.

mod adopting;
mod block;
mod busy;
mod converge;
mod drift;
mod hostile;
mod keyserver;
pub mod processes;
mod push;
mod sks;
mod units;
mod world;
