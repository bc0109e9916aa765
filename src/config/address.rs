//! Where a server listens, and where others do.

use std::fmt;
use std::str::FromStr;

use super::value::{Raw, Value, parse_text, quoted};

/// A host name or address and a port. Without a host, all interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindAddress {
    /// Without brackets. Empty for all interfaces.
    pub host: String,
    /// 0 for any free port.
    pub port: u16,
}

/// The text is no address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {}", <BindAddress as Value>::EXPECTED)]
pub struct ParseAddressError;

impl FromStr for BindAddress {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.rsplit_once(':').ok_or(ParseAddressError)?;
        let port = port.parse().map_err(|_| ParseAddressError)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bracketed.unwrap_or(host);
        let is_valid = match bracketed {
            Some(host) => host.parse::<std::net::Ipv6Addr>().is_ok(),
            None => host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')),
        };
        if is_valid { Ok(Self { host: host.to_owned(), port }) } else { Err(ParseAddressError) }
    }
}

impl fmt::Display for BindAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Value for BindAddress {
    const EXPECTED: &'static str = "an address and port such as \"127.0.0.1:11371\", or \":11371\" for all interfaces";

    fn read(raw: &Raw) -> Option<Self> {
        parse_text(raw)
    }

    fn shown(&self) -> String {
        quoted(&self.to_string())
    }
}

/// Where another server is reached: a host name or address, and a port that is not 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddress {
    /// Without brackets; never empty.
    pub host: String,
    pub port: u16,
}

impl FromStr for PeerAddress {
    type Err = ParsePeerAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let BindAddress { host, port } = text.parse().map_err(|_| ParsePeerAddressError)?;
        if host.is_empty() || port == 0 { Err(ParsePeerAddressError) } else { Ok(Self { host, port }) }
    }
}

/// The text is no address of another server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a host and port such as \"keys.example.org:11371\"")]
pub struct ParsePeerAddressError;

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        BindAddress { host: self.host.clone(), port: self.port }.fmt(f)
    }
}

/// An address, or "none" for not listening at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OptionalAddress(pub Option<BindAddress>);

impl Value for OptionalAddress {
    const EXPECTED: &'static str =
        "an address and port such as \"127.0.0.1:9626\", \":9626\" for all interfaces, or \"none\"";

    fn read(raw: &Raw) -> Option<Self> {
        if String::read(raw)?.eq_ignore_ascii_case("none") {
            return Some(Self(None));
        }
        BindAddress::read(raw).map(|address| Self(Some(address)))
    }

    fn shown(&self) -> String {
        self.0.as_ref().map_or_else(|| quoted("none"), Value::shown)
    }
}
