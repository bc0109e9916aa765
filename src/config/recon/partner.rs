//! The keyservers that this one reconciles with.

use std::collections::{BTreeMap, BTreeSet};

use super::super::reader::{Key, Reader, variable};
use super::super::{PeerAddress, PushScheme, PushTarget, Severity};
use super::{filter, profile};
use crate::domain::Profile;

/// `[hockeypuck.conflux.recon.partner.NAME]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// What the operator calls it; unique, shown in metrics and on the statistics page.
    pub name: String,
    /// Where certificates are fetched from, and pushed to; `None`: the recon host, at the port that it tells.
    pub http: Option<PeerAddress>,
    /// Where sessions are opened; `None`: the partner opens all of them.
    pub recon: Option<PeerAddress>,
    /// How often it is chosen, in proportion to the others; `None`: sessions are never opened with it.
    pub weight: Option<u32>,
    /// Replaces the HTTP address on the statistics page; may be empty.
    pub web_address: String,
    /// Where its statistics are, begins with `/`.
    pub stats_path: String,
    /// Whether its addresses are hidden on the statistics page.
    pub mask: bool,
    /// Whether it gets changes pushed while it refuses to reconcile.
    pub pks_failover: bool,
    /// The rules that it follows; `None`: found out from what it says.
    pub profile: Option<Profile>,
    /// All names of its filter string, in place of those of the profile; never without a profile.
    pub filters: Option<Vec<String>>,
}

/// The most partners.
const PARTNERS_LIMIT: usize = 256;
/// The longest name of a partner.
const NAME_OCTETS_LIMIT: usize = 64;
const PARTNERS: &str = "conflux.recon.partner";
const FIELDS: [&str; 11] = [
    "httpAddr",
    "httpNet",
    "reconAddr",
    "reconNet",
    "weight",
    "webAddr",
    "statsPath",
    "mask",
    "pksFailover",
    "profile",
    "filters",
];
const WEIGHT_DEFAULT: u32 = 100;
const WEIGHT_LIMIT: i64 = 1_000_000;
const STATS_PATH: &str = "/pks/lookup?op=stats";

/// All partners, by name; `offered` are the profiles of this server.
pub(super) fn read(reader: &mut Reader<'_>, offered: &[Profile]) -> Vec<Partner> {
    let mut names = names(reader);
    if names.len() > PARTNERS_LIMIT {
        let text = format!("{PARTNERS}: {} partners: expected at most {PARTNERS_LIMIT}", names.len());
        reader.problem(Severity::Error, 0, text);
        names.truncate(PARTNERS_LIMIT);
    }
    names.into_iter().filter_map(|name| Partner::read(reader, name, offered)).collect()
}

/// The key of a partner's field.
pub(super) fn key(name: &str, field: &str) -> Key {
    Key::named(PARTNERS, name, field)
}

/// The names that any source gives, sorted; those of one name in several cases are one partner.
fn names(reader: &Reader<'_>) -> Vec<String> {
    let mut names = BTreeMap::new();
    for key in reader.below(PARTNERS) {
        if let Some((name, _)) = key.rsplit_once('.').filter(|(_, field)| is_field(field)) {
            names.entry(name.to_lowercase()).or_insert_with(|| name.to_owned());
        }
    }
    let known: BTreeSet<String> = names.values().map(|name| variable(&format!("{PARTNERS}.{name}"))).collect();
    let of_partners = variable(PARTNERS) + "_";
    for (variable, _) in reader.variables() {
        let Some((partner, _)) = variable.rsplit_once('_').filter(|(_, field)| is_field(field)) else { continue };
        let Some(name) = partner.strip_prefix(&of_partners).filter(|_| !known.contains(partner)) else { continue };
        names.entry(name.to_lowercase()).or_insert_with(|| name.to_lowercase());
    }
    names.into_values().collect()
}

fn is_field(name: &str) -> bool {
    FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name))
}

impl Partner {
    /// Where changes are pushed while it does not reconcile.
    pub fn push_target(&self) -> Option<PushTarget> {
        let address = self.http.clone().filter(|_| self.pks_failover)?;
        Some(PushTarget { scheme: PushScheme::Hkp, address })
    }

    fn read(reader: &mut Reader<'_>, name: String, offered: &[Profile]) -> Option<Self> {
        let place = format!("{PARTNERS}.{name}");
        let wrong = |reader: &mut Reader<'_>, text: &str| {
            reader.problem(Severity::Error, 0, format!("{place}: {text}"));
        };
        check_networks(reader, &name);
        let partner = Self {
            http: address(reader, key(&name, "httpAddr")),
            recon: address(reader, key(&name, "reconAddr")),
            weight: weight(reader.number(key(&name, "weight"), 0, -WEIGHT_LIMIT..=WEIGHT_LIMIT)),
            web_address: reader.get(key(&name, "webAddr"), String::new()),
            stats_path: stats_path(&reader.get(key(&name, "statsPath"), String::new())),
            mask: reader.get(key(&name, "mask"), false),
            pks_failover: reader.get(key(&name, "pksFailover"), false),
            profile: profile_of(reader, key(&name, "profile")),
            filters: filters(reader, key(&name, "filters")),
            name,
        };
        if partner.name.len() > NAME_OCTETS_LIMIT || partner.name.chars().any(char::is_control) {
            wrong(reader, &format!("expected a name of one line and at most {NAME_OCTETS_LIMIT} octets"));
        }
        if partner.filters.is_some() && partner.profile.is_none() {
            wrong(reader, "expected a profile beside filters, which tells what those names stand for");
        }
        if partner.profile.is_some_and(|profile| !offered.contains(&profile)) {
            wrong(reader, "expected a profile that is among conflux.recon.profiles");
        }
        if partner.http.is_none() && partner.recon.is_none() {
            wrong(reader, "expected a reconAddr, an httpAddr or both");
            return None;
        }
        Some(partner)
    }
}

/// Empty: none.
fn address(reader: &mut Reader<'_>, key: Key) -> Option<PeerAddress> {
    let check = |text: &str| match text {
        "" => Ok(()),
        text => text.parse::<PeerAddress>().map(drop).map_err(|expected| expected.to_string()),
    };
    reader.text(key, "", check).parse().ok()
}

/// As in Hockeypuck: 0 is the default, less is never.
fn weight(number: i64) -> Option<u32> {
    let weight = u32::try_from(number).ok()?;
    Some(if weight == 0 { WEIGHT_DEFAULT } else { weight })
}

fn stats_path(path: &str) -> String {
    match path {
        "" => STATS_PATH.to_owned(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("/{path}"),
    }
}

/// Empty: not told.
fn profile_of(reader: &mut Reader<'_>, key: Key) -> Option<Profile> {
    let check = |text: &str| if text.is_empty() { Ok(()) } else { profile(text).map(drop) };
    profile(&reader.text(key, "", check)).ok()
}

/// Sorted, as peers compare them; an empty list is that of the profile.
fn filters(reader: &mut Reader<'_>, key: Key) -> Option<Vec<String>> {
    let mut filters = reader.list(key, &[], filter);
    filters.sort_unstable();
    filters.dedup();
    (!filters.is_empty()).then_some(filters)
}

fn check_networks(reader: &mut Reader<'_>, name: &str) {
    for field in ["httpNet", "reconNet"] {
        super::compat::check_network(reader, &key(name, field));
    }
}
