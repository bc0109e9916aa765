//! Who runs this server, and the limit on answers.

use super::reader::{Key, Reader};
use super::value::{Raw, Value, quoted};

/// Settings directly below `[hockeypuck]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Empty: the machine's name.
    pub hostname: String,
    /// Whether the statistics page shows the name by which it was asked for in place of the host name.
    pub enable_vhosts: bool,
    /// What answers call the program.
    pub software: String,
    /// What answers call its version; empty: its own.
    pub version: String,
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
            hostname: reader.get(Key::new("hostname"), HostName(String::new())).0,
            enable_vhosts: reader.get(Key::new("enableVHosts"), false),
            software: reader.text(Key::new("software"), "Hockeypuck", product),
            version: reader.text(Key::new("version"), "", product),
            nodename: reader.get(Key::new("nodename"), String::new()),
            contact: reader.get(Key::new("contact"), String::new()),
            max_response_len: reader.limit(Key::new("maxResponseLen"), 268_435_456),
        }
    }
}

/// A name, or of a URL the host.
struct HostName(String);

impl Value for HostName {
    const EXPECTED: &'static str = String::EXPECTED;

    fn read(raw: &Raw) -> Option<Self> {
        String::read(raw).map(|name| Self(host_of(&name).to_owned()))
    }

    fn shown(&self) -> String {
        quoted(&self.0)
    }
}

/// The charm gives a URL, of which people want to see the host.
fn host_of(name: &str) -> &str {
    let Some(rest) = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://")) else { return name };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// It becomes part of a header.
fn product(text: &str) -> Result<(), String> {
    let is_plain = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if is_plain { Ok(()) } else { Err("ASCII text of one line".to_owned()) }
}
