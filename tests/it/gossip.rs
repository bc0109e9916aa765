//! Exchange of certificates with other servers.

mod converge;
mod world;
