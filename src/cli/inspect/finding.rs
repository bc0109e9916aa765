//! What is said about one certificate, as text or JSON.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::cert::packet::tag;
use crate::cert::{DroppedPacket, Incoming, Item, Merged, Rejection};
use crate::domain::{Digests, Fingerprint, Profile};

/// What is said about one certificate.
#[derive(Debug, Serialize)]
pub(super) struct Finding<'a> {
    file: &'a str,
    #[serde(serialize_with = "as_text")]
    fingerprint: Option<Fingerprint>,
    version: Option<u8>,
    #[serde(serialize_with = "by_profile")]
    digests: Digests,
    dropped: Vec<Dropped>,
    /// Why it would not be stored.
    pub error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Dropped {
    packet: String,
    reason: String,
}

impl<'a> Finding<'a> {
    pub(super) fn of(file: &'a str, item: Item) -> Self {
        match item {
            Item::Certificate(incoming) => Self::of_certificate(file, *incoming),
            Item::BareSignature(signature) => {
                let reason = match signature.revokes() {
                    Some(_) => "a revocation without its certificate, which only a server could have".to_owned(),
                    None => Rejection::NotARevocation.to_string(),
                };
                Self::rejected(file, None, reason)
            }
            Item::Rejected(rejected) => Self::rejected(file, rejected.fingerprint, rejected.reason.to_string()),
        }
    }

    fn of_certificate(file: &'a str, mut incoming: Incoming) -> Self {
        let fingerprint = incoming.fingerprint();
        let mut finding = match incoming.merge(None) {
            Err(reason) => Self::rejected(file, Some(fingerprint), reason.to_string()),
            Ok(Merged::Unchanged) => Self::rejected(file, Some(fingerprint), Rejection::Internal.to_string()),
            Ok(Merged::Changed(record)) => Self {
                fingerprint: Some(fingerprint),
                version: Some(fingerprint.version()),
                digests: record.digests,
                ..Self::empty(file)
            },
        };
        finding.dropped = incoming.dropped().iter().map(Dropped::from).collect();
        let unlisted = incoming.dropped_count().saturating_sub(finding.dropped.len());
        if unlisted > 0 {
            finding.dropped.push(Dropped { packet: format!("{unlisted} more"), reason: "not listed".to_owned() });
        }
        finding
    }
    pub(super) fn rejected(file: &'a str, fingerprint: Option<Fingerprint>, reason: String) -> Self {
        Self { fingerprint, version: fingerprint.map(|f| f.version()), error: Some(reason), ..Self::empty(file) }
    }

    fn empty(file: &'a str) -> Self {
        let (fingerprint, version, digests) = (None, None, Digests::default());
        Self { file, fingerprint, version, digests, dropped: Vec::new(), error: None }
    }
}

/// One line, and one for each dropped packet.
impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let (Some(fingerprint), Some(version)) = (self.fingerprint, self.version) {
            write!(f, " {fingerprint} v{version}")?;
        }
        match &self.error {
            Some(reason) => write!(f, " not stored: {reason}")?,
            None => {
                for profile in Profile::ALL {
                    let digest = self.digests.of(profile).map_or_else(|| "-".to_owned(), |digest| digest.to_string());
                    write!(f, " {}={digest}", profile.as_str())?;
                }
            }
        }
        self.dropped.iter().try_for_each(|dropped| write!(f, "\n  dropped {}: {}", dropped.packet, dropped.reason))
    }
}

impl From<&DroppedPacket> for Dropped {
    fn from(dropped: &DroppedPacket) -> Self {
        let packet = match (dropped.tag, dropped.kind) {
            (tag::SIGNATURE, Some(kind)) => format!("signature 0x{kind:02x}"),
            (tag::SIGNATURE, None) => "signature".to_owned(),
            (tag::SECRET_KEY, _) => "secret key".to_owned(),
            (tag::PUBLIC_KEY, _) => "public key".to_owned(),
            (tag::MARKER, _) => "marker".to_owned(),
            (tag::TRUST, _) => "trust".to_owned(),
            (tag::USER_ID, _) => "user ID".to_owned(),
            (tag::PUBLIC_SUBKEY, _) => "subkey".to_owned(),
            (tag::USER_ATTRIBUTE, _) => "user attribute".to_owned(),
            (tag, _) => format!("packet of type {tag}"),
        };
        Self { packet, reason: dropped.reason.to_owned() }
    }
}

fn as_text<S: Serializer>(fingerprint: &Option<Fingerprint>, serializer: S) -> Result<S::Ok, S::Error> {
    fingerprint.map(|fingerprint| fingerprint.to_string()).serialize(serializer)
}

fn by_profile<S: Serializer>(digests: &Digests, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(Profile::ALL.len()))?;
    for profile in Profile::ALL {
        map.serialize_entry(profile.as_str(), &digests.of(profile).map(|digest| digest.to_string()))?;
    }
    map.end()
}
