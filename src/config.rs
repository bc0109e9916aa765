//! Settings: flags over environment over file over defaults become one validated, immutable [`Config`].
//!
//! The file is Hockeypuck's TOML, rendered as a template before it is read. Every setting can also come from the
//! environment; what the charm sets there is weaker than the file.

mod address;
mod admin;
mod charm;
mod dsn;
mod file;
mod hkp;
mod hkps;
mod known;
mod limits;
mod live;
mod log;
mod metrics;
mod openpgp;
mod pks;
mod queries;
mod reader;
mod recon;
mod report;
mod site;
mod source;
mod store;
pub mod template;
mod tracing;
mod value;

pub use self::tracing::Tracing;
pub use address::{BindAddress, PeerAddress};
pub use admin::Admin;
pub use dsn::DatabaseUrl;
pub use hkp::Hkp;
pub use hkps::Hkps;
pub use limits::Limits;
pub use live::Live;
pub use log::Log;
pub use metrics::Metrics;
pub use openpgp::{Headers, OpenPgp};
pub use pks::{Pks, PushScheme, PushTarget};
pub use queries::Queries;
pub use recon::{Partner, Recon};
pub use report::{Entry, Problem, Report, Severity};
pub use site::Site;
pub use source::{Origin, Sources};
pub use store::Store;

use reader::Reader;

/// Everything that an operator may choose.
#[derive(Clone, Debug)]
pub struct Config {
    pub site: Site,
    pub admin: Admin,
    pub hkp: Hkp,
    /// `None`: HKP is not served over TLS.
    pub hkps: Option<Hkps>,
    pub metrics: Metrics,
    pub openpgp: OpenPgp,
    pub recon: Recon,
    pub pks: Pks,
    pub store: Store,
    pub log: Log,
    pub tracing: Tracing,
}

/// What the sources gave: the configuration unless a value is wrong, and what there is to say about it.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    pub report: Report,
}

impl Loaded {
    /// The configuration; `None` when a value of a source cannot be used and a default stands in its place.
    pub fn usable(self) -> Result<(Config, Report), Report> {
        if self.report.problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(self.report);
        }
        Ok((self.config, self.report))
    }
}

impl Config {
    /// Reads all settings. Never fails: what is wrong stands in the report.
    pub fn load(sources: &Sources) -> Loaded {
        let mut reader = Reader::new(sources);
        charm::suggest(&mut reader);
        let site = Site::read(&mut reader);
        let admin = Admin::read(&mut reader);
        let hkp = Hkp::read(&mut reader);
        let config = Self {
            hkps: Hkps::read(&mut reader),
            metrics: Metrics::read(&mut reader),
            openpgp: OpenPgp::read(&mut reader),
            recon: Recon::read(&mut reader, &hkp.bind),
            pks: Pks::read(&mut reader),
            store: Store::read(&mut reader),
            log: Log::read(&mut reader),
            tracing: Tracing::read(&mut reader),
            site,
            admin,
            hkp,
        };
        Loaded { config, report: reader.finish() }
    }
}
