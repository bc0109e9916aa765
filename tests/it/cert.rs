//! Certificates: what is accepted, what is kept, and the digests of it.

mod debian;
mod hostile;
mod order;
mod rules;
mod vectors;
