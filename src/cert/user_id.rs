//! User IDs: their text, cleaned for display and search. The packet itself stays as it is.

use super::model::Signatures;
use super::packet::Packet;
use crate::domain::SearchableUserId;
use crate::domain::search::{email_of, keywords_of};

/// A user ID packet and its signatures.
#[derive(Debug)]
pub struct UserId {
    pub packet: Packet,
    pub text: String,
    pub signatures: Signatures,
}

impl UserId {
    /// `None` when the text has a zero octet, which drops the user ID and the signatures after it.
    pub fn parse(packet: Packet) -> Option<Self> {
        let text = clean(&packet.body)?;
        Some(Self { packet, text, signatures: Signatures::default() })
    }

    pub fn searchable(&self) -> SearchableUserId {
        SearchableUserId { text: self.text.clone(), email: email_of(&self.text), keywords: keywords_of(&self.text) }
    }
}

/// Valid UTF-8 without C0 controls and DEL; what is not UTF-8 becomes `?`. `None` if there is a zero octet.
pub(super) fn clean(octets: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(octets);
    if text.contains('\0') {
        return None;
    }
    let replaced = |c| if c == char::REPLACEMENT_CHARACTER { '?' } else { c };
    Some(text.chars().map(replaced).filter(|c| !c.is_ascii_control()).collect())
}
