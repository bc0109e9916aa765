//! How large things on the wire may be.

/// Octets of a frame of the handshake.
pub const HELLO_OCTETS: usize = 64 << 10;
/// Octets of a frame after the handshake: what the strictest known server reads.
pub const FRAME_OCTETS: usize = 16 << 20;
/// Octets of an element or a sample.
pub const NUMBER_OCTETS: usize = 17;
/// Key-value pairs of a configuration.
pub(crate) const PAIRS: usize = 256;
/// Unknown keys of a configuration that are kept.
pub(crate) const EXTRAS: usize = 32;
/// Characters kept of a sentence of the peer.
pub(crate) const TEXT_CHARACTERS: usize = 300;
/// Octets of the word that ends the handshake.
pub(crate) const STATUS_OCTETS: usize = 64;
/// Octets of the reason that may follow it: some peers list all filters of both sides.
pub(crate) const REASON_OCTETS: usize = 8 << 10;
/// The largest number of elements under a node that the strictest known server reads.
pub(crate) const SIZE: u32 = 1 << 24;
