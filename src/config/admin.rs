//! Who may delete and replace certificates over HKP.

use super::reader::{Key, Reader};
use crate::domain::Fingerprint;

/// `hockeypuck.adminKeys`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admin {
    /// The primary keys' fingerprints of administrators.
    pub keys: Vec<Fingerprint>,
}

impl Admin {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { keys: reader.list(Key::new("adminKeys"), &[], fingerprint) }
    }
}

/// The fingerprint of a primary key of version 4 or 6.
pub(super) fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    Fingerprint::of_certificate(text).map_err(|_| "fingerprints of 40 or 64 hexadecimal digits".to_owned())
}
