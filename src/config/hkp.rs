//! The keyserver's own listener.

use super::reader::{Key, Reader};
use super::{BindAddress, Limits, Queries};

/// `[hockeypuck.hkp]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hkp {
    pub bind: BindAddress,
    /// What the stats page shows as the server's address; empty for `bind`.
    pub advertised_bind: String,
    pub queries: Queries,
    pub limits: Limits,
}

impl Hkp {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let host = if reader.has_file() { "" } else { "127.0.0.1" };
        let bind = BindAddress { host: host.to_owned(), port: 11371 };
        // The log never has the addresses of clients.
        reader.fixed(Key::new("hkp.logRequestDetails"), false);
        Self {
            bind: reader.get(Key::new("hkp.bind").flag("bind"), bind),
            advertised_bind: reader.get(Key::new("hkp.advertisedBind"), String::new()),
            queries: Queries::read(reader),
            limits: Limits::read(reader),
        }
    }
}
