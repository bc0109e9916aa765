//! What one client, and all clients together, may ask of the HKP listener.

use std::time::Duration;

use super::reader::{Key, Reader};

/// `[hockeypuck.hkp.limits]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most connections that are open at once.
    pub max_connections: usize,
    /// The most requests that are worked on at once.
    pub max_requests: usize,
    /// The largest submission, in octets.
    pub max_body_len: usize,
    /// All submissions that are in memory at once, in octets.
    pub max_body_total_len: usize,
    /// How long a client may take to send a body.
    pub body_timeout: Duration,
    /// How long a request may take in all.
    pub request_timeout: Duration,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            max_connections: count(reader, "hkp.limits.maxConnections", 4096),
            max_requests: count(reader, "hkp.limits.maxRequests", 1024),
            max_body_len: count(reader, "hkp.limits.maxBodyLen", 10 << 20),
            max_body_total_len: count(reader, "hkp.limits.maxBodyTotalLen", 256 << 20),
            body_timeout: reader.seconds(Key::new("hkp.limits.bodyTimeoutSecs"), 60),
            request_timeout: reader.seconds(Key::new("hkp.limits.requestTimeoutSecs"), 90),
        }
    }
}

fn count(reader: &mut Reader<'_>, path: &'static str, default: i64) -> usize {
    let most = i64::from(i32::MAX);
    usize::try_from(reader.number(Key::new(path), default, 1..=most)).unwrap_or(usize::MAX)
}
