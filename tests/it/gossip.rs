//! Exchange of certificates with other keyservers, over real sockets.

mod keyserver;
mod push;
