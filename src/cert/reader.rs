//! A cursor over a slice: the only way in which octets of a packet are read.

/// Reads from the front of a slice; every read either succeeds whole or answers `None`.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    pub fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets, length: octets.len() }
    }

    /// Octets read so far.
    pub fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[octet]| octet)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A length field and as many octets.
    pub fn take_u16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// A length field and as many octets.
    pub fn take_u32(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// A multiprecision integer: its bit count is taken literally, and leading zeros stay.
    pub fn mpi(&mut self) -> Option<Mpi<'a>> {
        let bits = self.u16()?;
        let octets = self.take(usize::from(bits).div_ceil(8))?;
        Some(Mpi { bits, octets })
    }

    /// A length in the form of RFC 9580 section 4.2.1 without partial lengths, as subpackets use it.
    pub fn subpacket_length(&mut self) -> Option<usize> {
        match self.u8()? {
            short @ 0..=191 => Some(usize::from(short)),
            first @ 192..=254 => Some((usize::from(first) - 192) * 256 + usize::from(self.u8()?) + 192),
            255 => usize::try_from(self.u32()?).ok(),
        }
    }
}

/// A multiprecision integer as it was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mpi<'a> {
    /// The declared number of bits, not that of the value.
    pub bits: u16,
    pub octets: &'a [u8],
}
