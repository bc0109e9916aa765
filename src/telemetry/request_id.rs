//! The name of a request, by which a user's report, the lines of the log and a span find each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

tokio::task_local! {
    /// Of the request that the running task answers.
    static CURRENT: RequestId;
}

/// The most characters of a name that a client gives.
pub const LENGTH_LIMIT: usize = 64;

/// A few letters, digits, dots, dashes and underscores: anybody may choose them, and they go to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The name that a client or proxy gave; `None` when it is not one of the allowed form.
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let is_allowed = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_');
        let is_name = (1..=LENGTH_LIMIT).contains(&octets.len()) && octets.iter().all(is_allowed);
        std::str::from_utf8(octets).ok().filter(|_| is_name).map(|text| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Runs `work` as a part of the request: what it logs can name it.
    pub fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, work)
    }

    /// That of the request which the running task answers, if it does.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }
}

/// Names for requests that came without one. They differ among all servers that have different seeds.
#[derive(Debug, Default)]
pub struct RequestIds {
    seed: u64,
    given: AtomicU64,
}

impl RequestIds {
    pub fn new(seed: u64) -> Self {
        Self { seed, given: AtomicU64::new(0) }
    }

    pub fn next(&self) -> RequestId {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        RequestId(format!("{:016x}", scattered(self.seed.wrapping_add(number))).into())
    }
}

/// SplitMix64: different numbers stay different, and neighbours look unlike.
fn scattered(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// What strangers send cannot break a line of the log, pretend to be another field or fill the disk.
    #[test]
    fn only_plain_names_are_taken() {
        let longest = "a".repeat(LENGTH_LIMIT);
        for name in ["7", "a-b_c.D", "01890c1e-7c1f-7b6c-8000-000000000000", &longest] {
            assert_eq!(RequestId::parse(name.as_bytes()).unwrap().as_str(), name);
        }
        let too_long = "a".repeat(LENGTH_LIMIT + 1);
        for name in ["", "a b", "a=b", "a\"b", "a\nb", "a\\b", "<b>", "ä", "alice@example.org", &too_long] {
            assert_eq!(RequestId::parse(name.as_bytes()), None, "{name:?}");
        }
    }

    /// No two requests of a server get the same name, and each name is one that a server would take.
    #[test]
    fn made_names_differ() {
        let ids = RequestIds::new(u64::MAX - 500);
        let made: HashSet<String> = (0..1000).map(|_| ids.next().as_str().to_owned()).collect();
        assert_eq!(made.len(), 1000);
        assert!(made.iter().all(|name| name.len() == 16 && RequestId::parse(name.as_bytes()).is_some()));
    }
}
