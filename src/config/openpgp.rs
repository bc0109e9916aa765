//! Limits on what is read, and what armor says about the server.

use super::admin::fingerprint;
use super::reader::{Key, Reader};
use super::{Origin, Severity};
use crate::domain::Fingerprint;

/// `[hockeypuck.openpgp]`. Limits are octets of packet bodies; `None` is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPgp {
    /// One certificate of a submission.
    pub max_key_length: Option<u64>,
    /// One packet that is no signature.
    pub max_packet_length: Option<u64>,
    /// One signature.
    pub max_sig_packet_length: Option<u64>,
    pub headers: Headers,
    /// Primary keys' fingerprints that are blocked at the start.
    pub blacklist: Vec<Fingerprint>,
    /// Domains, in lower case, whose certificates may be listed.
    pub enumerable_domains: Vec<String>,
}

/// Header lines of armored answers; without one, none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    pub comment: String,
    pub version: String,
}

impl OpenPgp {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            max_key_length: reader.limit(Key::new("openpgp.maxKeyLength"), 1_048_576),
            max_packet_length: reader.limit(Key::new("openpgp.maxPacketLength"), 8192),
            max_sig_packet_length: reader.limit(Key::new("openpgp.maxSigPacketLength"), 65_536),
            blacklist: reader.long_list(Key::new("openpgp.blacklist"), fingerprint),
            enumerable_domains: enumerable_domains(reader),
            headers: Headers {
                comment: reader.text(Key::new("openpgp.headers.comment"), "", one_line),
                version: reader.text(Key::new("openpgp.headers.version"), "", one_line),
            },
        }
    }
}

fn one_line(text: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) { Err("a text of one line".to_owned()) } else { Ok(()) }
}

/// In Hockeypuck they also decide what is kept of revoked certificates.
fn enumerable_domains(reader: &mut Reader<'_>) -> Vec<String> {
    let key = Key::new("openpgp.enumerableDomains");
    let check = |items: &Vec<String>| match items.iter().find(|item| !is_domain(item)) {
        None => Ok(()),
        Some(_) => Err("domains such as \"example.org\"".to_owned()),
    };
    let (domains, origin) = reader.resolve(key, Vec::<String>::new(), check);
    if !domains.is_empty() && origin != Origin::Default {
        let text = "openpgp.enumerableDomains: certificates whose primary key is revoked for good lose their user IDs, \
                    in these domains, too, and are not listed";
        reader.complain(Severity::Note, &origin, text);
    }
    domains.iter().map(|domain| domain.to_lowercase()).collect()
}

fn is_domain(text: &str) -> bool {
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    is_plain && (1..=253).contains(&text.len())
}
