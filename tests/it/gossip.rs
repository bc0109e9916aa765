//! Exchange of certificates with other keyservers, over real sockets.

mod block;
mod converge;
mod drift;
mod hostile;
mod keyserver;
mod processes;
mod push;
mod sks;
mod units;
mod world;
