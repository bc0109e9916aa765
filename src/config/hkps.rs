//! The keyserver's listener for HKP over TLS.

use std::path::PathBuf;

use super::address::OptionalAddress;
use super::reader::{Key, Reader};
use super::{BindAddress, Severity};

/// `[hockeypuck.hkps]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hkps {
    pub bind: BindAddress,
    /// PEM: the certificate of this server, then those between it and an authority that clients know.
    pub cert: PathBuf,
    /// PEM: its key.
    pub key: PathBuf,
}

impl Hkps {
    /// `None` without an address: HKP is not served over TLS.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let bind = reader.get(Key::new("hkps.bind"), OptionalAddress(None)).0;
        let cert = reader.get(Key::new("hkps.cert"), String::new());
        let key = reader.get(Key::new("hkps.key"), String::new());
        let Some(bind) = bind else {
            if !cert.is_empty() || !key.is_empty() {
                let text = "hkps.bind: HKP is not served over TLS without an address such as \":443\"";
                reader.problem(Severity::Warning, 0, text.to_owned());
            }
            return None;
        };
        for (name, file) in [("hkps.cert", &cert), ("hkps.key", &key)] {
            if file.is_empty() {
                reader.problem(Severity::Error, 0, format!("{name}: expected a PEM file beside hkps.bind"));
            }
        }
        Some(Self { bind, cert: cert.into(), key: key.into() })
    }
}
