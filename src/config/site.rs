//! Who runs this server, and the limit on answers.

use super::reader::{Key, Reader};

/// Settings directly below `[hockeypuck]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Empty: the machine's name.
    pub hostname: String,
    /// Empty: the machine's name.
    pub nodename: String,
    /// The operator's contact on the stats page, usually a fingerprint; may be empty.
    pub contact: String,
    /// The most octets of certificates that a request by digests is answered with; `None` for no limit.
    pub max_response_len: Option<u64>,
}

impl Site {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            hostname: reader.get(Key::new("hostname"), String::new()),
            nodename: reader.get(Key::new("nodename"), String::new()),
            contact: reader.get(Key::new("contact"), String::new()),
            max_response_len: reader.limit(Key::new("maxResponseLen"), 268_435_456),
        }
    }
}
