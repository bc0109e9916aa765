//! The keyserver's own listener.

use super::reader::{Key, Reader};
use super::{BindAddress, Queries};

/// `[hockeypuck.hkp]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hkp {
    pub bind: BindAddress,
    /// What the stats page shows as the server's address; empty for `bind`.
    pub advertised_bind: String,
    /// Whether the access log has the client's address and what it says about itself.
    pub log_request_details: bool,
    pub queries: Queries,
}

impl Hkp {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let host = if reader.has_file() { "" } else { "127.0.0.1" };
        let bind = BindAddress { host: host.to_owned(), port: 11371 };
        Self {
            bind: reader.get(Key::new("hkp.bind").flag("bind"), bind),
            advertised_bind: reader.get(Key::new("hkp.advertisedBind"), String::new()),
            log_request_details: reader.get(Key::new("hkp.logRequestDetails"), true),
            queries: Queries::read(reader),
        }
    }
}
