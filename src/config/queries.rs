//! What may be searched for.

use ipnet::IpNet;

use super::reader::{Key, Reader};
use super::recon::network;

/// `[hockeypuck.hkp.queries]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queries {
    /// Only fingerprints and key IDs are looked up.
    pub keyword_search_disabled: bool,
    /// Single words of user IDs find certificates, too.
    pub enable_inexact: bool,
    /// Whose requests are also answered by single words, when nothing else is found.
    pub inexact_from: Vec<IpNet>,
}

impl Queries {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        reader.fixed(Key::new("hkp.queries.selfSignedOnly"), false);
        Self {
            keyword_search_disabled: reader.get(Key::new("hkp.queries.keywordSearchDisabled"), false),
            enable_inexact: reader.get(Key::new("hkp.queries.enableInexact"), false),
            inexact_from: reader.list(Key::new("hkp.queries.inexactFrom"), &[], network),
        }
    }
}
