//! Keyservers that get every change pushed, because they do not reconcile.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::PeerAddress;
use super::reader::{Key, Reader};

/// `[hockeypuck.pks]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pks {
    /// Sent as `PKS-Sender`, for the operators of the targets; may be empty.
    pub from: String,
    pub targets: Vec<PushTarget>,
    /// Certificates in PEM of authorities that are trusted beside the machine's.
    pub ca_file: Option<PathBuf>,
}

/// Where certificates are pushed to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PushTarget {
    pub scheme: PushScheme,
    pub address: PeerAddress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PushScheme {
    /// `/pks/add` over HTTP.
    Hkp,
    /// `/pks/add` over HTTPS.
    Hkps,
    /// `/vks/v1/upload` over HTTPS.
    Vks,
}

impl Pks {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let ca_file = reader.get(Key::new("pks.caFile"), String::new());
        Self {
            ca_file: (!ca_file.is_empty()).then(|| ca_file.into()),
            from: reader.text(Key::new("pks.from"), "", one_line),
            targets: reader.list(Key::new("pks.to"), &[], |text| text.parse()),
        }
    }
}

impl PushScheme {
    const ALL: [Self; 3] = [Self::Hkp, Self::Hkps, Self::Vks];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hkp => "hkp",
            Self::Hkps => "hkps",
            Self::Vks => "vks",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Hkp => 11371,
            Self::Hkps | Self::Vks => 443,
        }
    }
}

impl FromStr for PushTarget {
    /// What is expected instead.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("mailto:") || (text.contains('@') && !text.contains("://")) {
            return Err(
                "no address of mail: certificates are not sent by mail, only to hkp://, hkps:// and vks://".into()
            );
        }
        target(text)
            .ok_or_else(|| "a target such as \"hkp://keys.example.org\", \"hkps://…\" or \"vks://…\"".to_owned())
    }
}

impl fmt::Display for PushTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.address)
    }
}

fn target(text: &str) -> Option<PushTarget> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = PushScheme::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(scheme))?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let with_port = format!("{rest}:{}", scheme.default_port());
    let address = rest.parse().or_else(|_| with_port.parse()).ok()?;
    Some(PushTarget { scheme, address })
}

/// It becomes the value of a header.
fn one_line(text: &str) -> Result<(), String> {
    let is_plain = text.chars().all(|c| c.is_ascii() && !c.is_control());
    if is_plain { Ok(()) } else { Err("ASCII text of one line".to_owned()) }
}
