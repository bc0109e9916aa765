//! Keys of Hockeypuck that have no effect here.

/// What is said about a key that no setting reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A part of Hockeypuck that this version does not have.
    Later,
    /// What it tuned does not exist here.
    NotNeeded,
    Unknown,
}

/// The standing of a lower-cased path below `[hockeypuck]`.
pub(super) fn standing(path: &str) -> Standing {
    let is_in = |list: &[&str]| {
        list.iter().any(|known| match known.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == *known,
        })
    };
    match () {
        () if is_in(NOT_NEEDED) => Standing::NotNeeded,
        () if is_in(LATER) => Standing::Later,
        () => Standing::Unknown,
    }
}

/// `*` stands for everything below.
const LATER: &[&str] = &[
    "builtat",
    "enablevhosts",
    "hkps.*",
    "indextemplate",
    "openpgp.enumerabledomains",
    "responsetemplate",
    "software",
    "statstemplate",
    "version",
    "vindextemplate",
    "webroot",
];

const NOT_NEEDED: &[&str] = &[
    "conflux.recon.leveldb.*",
    "conflux.recon.logname",
    "conflux.recon.maxoutstandingreconrequests",
    "conflux.recon.seencachesize",
    "conflux.recon.threshmult",
    "openpgp.db.reindex*",
    "openpgp.nworkers",
    "pks.smtp.*",
];
