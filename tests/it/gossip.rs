//! Exchange of certificates with other keyservers, over real sockets.

mod converge;
mod keyserver;
mod push;
mod sks;
mod world;
