//! Keys of Hockeypuck that have no effect here.

/// What is said about a key that no setting reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Pages of the operator's own.
    Pages,
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
        () if is_in(PAGES) => Standing::Pages,
        () => Standing::Unknown,
    }
}

/// Templates of Hockeypuck's are a language of their own.
const PAGES: &[&str] = &["indextemplate", "responsetemplate", "statstemplate", "vindextemplate", "webroot"];

/// `*` stands for everything below.
const NOT_NEEDED: &[&str] = &[
    "builtat",
    "conflux.recon.leveldb.*",
    "conflux.recon.logname",
    "conflux.recon.maxoutstandingreconrequests",
    "conflux.recon.seencachesize",
    "conflux.recon.threshmult",
    "openpgp.db.reindex*",
    "openpgp.nworkers",
    "pks.smtp.*",
];
