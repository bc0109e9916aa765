//! How many certificates are asked for at once.

/// The first request to a partner.
const FIRST_BATCH: u32 = 16;
/// As many as other keyservers ask for; answers stay well below the limit on octets.
const BATCH_LIMIT: u32 = 100;

/// Grows with every answer, quickly until the first failure; halved with every failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    batch: u32,
    has_failed: bool,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { batch: FIRST_BATCH, has_failed: false }
    }

    /// The most digests that the next request may name.
    pub(super) fn batch(self) -> u32 {
        self.batch
    }

    pub(super) fn answered(&mut self) {
        let more = if self.has_failed { self.batch + 1 } else { self.batch * 2 };
        self.batch = more.min(BATCH_LIMIT);
    }

    pub(super) fn failed(&mut self) {
        self.has_failed = true;
        self.batch = (self.batch / 2).max(1);
    }
}
