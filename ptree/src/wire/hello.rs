//! The handshake: who a server says it is, and whether the other one agrees.

use super::error::WireError;
use super::limits::{EXTRAS, PAIRS};
use super::message::Kind;
use super::reader::Reader;
use super::text::Text;
use super::{frame, writer};
use crate::params::MBAR;
use crate::prefix::QUANTUM;

/// The version that servers announce; some compare it letter by letter.
pub const VERSION: &str = "1.1.6";

/// What a server says of itself before the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerConfig {
    /// The version of the protocol.
    pub version: Text,
    /// The filters' names, joined by commas.
    pub filters: String,
    /// The port at which it answers for certificates.
    pub http_port: u16,
    /// Bits of a level of the tree.
    pub bitquantum: u32,
    /// Differences that a node can solve.
    pub mbar: u32,
    /// The first keys, of those that this crate does not know, with their values.
    pub extra: Vec<(Text, Text)>,
}

impl PeerConfig {
    /// What a server of this crate says of itself.
    pub fn ours(filters: &str, http_port: u16) -> Self {
        let filters = filters.to_owned();
        let mbar = u32::try_from(MBAR).unwrap_or_default();
        Self { version: Text::new(VERSION), filters, http_port, bitquantum: QUANTUM, mbar, extra: Vec::new() }
    }

    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let numbers = [u32::from(self.http_port), self.bitquantum, self.mbar].map(u32::to_be_bytes);
        let [port, bitquantum, mbar] = &numbers;
        let known: [(&str, &[u8]); 5] = [
            ("version", self.version.as_str().as_bytes()),
            ("http port", port),
            ("bitquantum", bitquantum),
            ("mbar", mbar),
            ("filters", self.filters.as_bytes()),
        ];
        let extra = self.extra.iter().map(|(key, value)| (key.as_str(), value.as_str().as_bytes()));
        frame::encode(out, Kind::Config, |out| {
            writer::count(out, known.len() + extra.len());
            for (key, value) in known.into_iter().chain(extra) {
                writer::string(out, key.as_bytes());
                writer::string(out, value);
            }
        });
    }
}

/// The key-value pairs of a configuration; of equal keys the last counts.
#[derive(Clone, Debug, Default)]
pub struct Pairs<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Pairs<'a> {
    /// Reads the body of a `Config` frame.
    pub fn decode(body: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(body);
        let count = reader.number("a configuration")?;
        if count as usize > PAIRS {
            return Err(WireError::Keys(count));
        }
        let mut pairs = Vec::new();
        for _ in 0..count {
            pairs.push((reader.string("a key")?, reader.string("a value")?));
        }
        reader.end()?;
        Ok(Self(pairs))
    }

    /// What the pairs say, or the sentence that tells what is missing.
    pub fn config(&self) -> Result<PeerConfig, String> {
        let filters = String::from_utf8(self.value("filters")?.to_vec());
        let port = self.number("http port")?;
        Ok(PeerConfig {
            version: Text::of_octets(self.value("version")?),
            filters: filters.map_err(|_| "the filters are not text".to_owned())?,
            http_port: u16::try_from(port).map_err(|_| format!("{port} is no http port"))?,
            bitquantum: self.number("bitquantum")?,
            mbar: self.number("mbar")?,
            extra: self.extra(),
        })
    }

    fn value(&self, key: &str) -> Result<&'a [u8], String> {
        let found = self.0.iter().rev().find(|(name, _)| *name == key.as_bytes());
        found.map(|(_, value)| *value).ok_or_else(|| format!("the configuration lacks {key}"))
    }

    fn number(&self, key: &str) -> Result<u32, String> {
        let octets = self.value(key)?.try_into();
        octets.map(u32::from_be_bytes).map_err(|_| format!("{key} is not a number of four octets"))
    }

    fn extra(&self) -> Vec<(Text, Text)> {
        const KNOWN: [&[u8]; 5] = [b"version", b"http port", b"bitquantum", b"mbar", b"filters"];
        let unknown = self.0.iter().filter(|(key, _)| !KNOWN.contains(key)).take(EXTRAS);
        unknown.map(|(key, value)| (Text::of_octets(key), Text::of_octets(value))).collect()
    }
}

/// The word that ends the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The session may begin.
    Passed,
    /// There will be no session, for a reason.
    Failed(Text),
}

impl Status {
    /// The octets of the word for agreement; any other word refuses.
    pub const PASSED: &'static [u8] = b"passed";
    /// The octets of the word for refusal.
    pub const FAILED: &'static [u8] = b"failed";

    /// Appends the strings, which have no frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Passed => writer::string(out, Self::PASSED),
            Self::Failed(reason) => {
                writer::string(out, Self::FAILED);
                writer::string(out, reason.as_str().as_bytes());
            }
        }
    }
}
