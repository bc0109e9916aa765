//! Which filter string stands for which profile.
//!
//! Both sides of a session name the filters that their certificates went through, and reconcile
//! only if those are the same. Names that this server did not apply are never announced.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::config::{Partner, Recon};
use crate::domain::Profile;

/// Filters that both networks apply.
const COMMON: [&str; 10] = [
    "drop:UAT",
    "drop:hardRevokedCruft",
    "drop:implausible",
    "drop:invalidSelfSig",
    "drop:structuralMartian",
    "drop:unbound",
    "drop:unparseable",
    "schema:application/pgp-keys",
    "yminsky.dedup",
    "yminsky.merge",
];
const ONLY_V23: [&str; 1] = ["versions:34"];
const ONLY_V24: [&str; 2] = ["drop:oldSlhdsaSelfSig", "versions:3+4+6+rfc9980"];

/// What is announced to a peer, and the tree that is reconciled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub profile: Profile,
    /// Names joined by commas.
    pub filters: String,
}

/// The peer's filters are of no network that this server is in; told to the peer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("mismatched filters, expected {expected}")]
pub struct Mismatch {
    /// The filter strings that would do.
    pub expected: String,
}

/// The filter strings of this server.
#[derive(Clone, Debug)]
pub struct Filters {
    /// Newest profile first.
    offered: Vec<Choice>,
}

impl Filters {
    pub fn new(recon: &Recon) -> Self {
        let mut offered: Vec<Choice> =
            recon.profiles.iter().map(|p| Choice::new(*p, names(*p, &recon.filters))).collect();
        offered.sort_by_key(|choice| std::cmp::Reverse(choice.profile));
        Self { offered }
    }

    /// What is answered to a peer that announced `theirs`: the same filters in its own spelling.
    ///
    /// `partner` is `None` for a peer that no operator named.
    pub fn answer(&self, partner: Option<&Partner>, theirs: &str) -> Result<Choice, Mismatch> {
        let profile = self.recognise(partner, theirs).ok_or_else(|| self.mismatch(partner))?;
        Ok(Choice { profile, filters: theirs.to_owned() })
    }

    /// The profile for which `theirs` stands; the order of the names means nothing.
    pub fn recognise(&self, partner: Option<&Partner>, theirs: &str) -> Option<Profile> {
        let theirs = set(theirs);
        self.choices(partner).into_iter().find(|choice| set(&choice.filters) == theirs).map(|choice| choice.profile)
    }

    /// What is announced to a partner that is contacted. `known` is the profile that it was last
    /// recognised by; until then, the newest is tried.
    pub fn announce(&self, partner: &Partner, known: Option<Profile>) -> Option<Choice> {
        let choices = self.choices(Some(partner));
        let known = choices.iter().find(|choice| known == Some(choice.profile));
        known.or(choices.first()).cloned()
    }

    /// An operator's word on a partner leaves no other choice.
    fn choices(&self, partner: Option<&Partner>) -> Vec<Choice> {
        let declared = partner.and_then(|partner| Some((partner.profile?, partner.filters.as_ref())));
        match declared {
            Some((profile, Some(filters))) => vec![Choice::new(profile, filters.iter().map(String::as_str).collect())],
            Some((profile, None)) => self.offered.iter().filter(|choice| choice.profile == profile).cloned().collect(),
            None => self.offered.clone(),
        }
    }

    fn mismatch(&self, partner: Option<&Partner>) -> Mismatch {
        let choices = self.choices(partner);
        let expected: Vec<&str> = choices.iter().map(|choice| choice.filters.as_str()).collect();
        Mismatch { expected: expected.join(" or ") }
    }
}

impl Choice {
    /// Sorted bytewise, because some peers compare the strings.
    fn new(profile: Profile, names: BTreeSet<&str>) -> Self {
        Self { profile, filters: names.into_iter().collect::<Vec<_>>().join(",") }
    }
}

fn names(profile: Profile, extra: &[String]) -> BTreeSet<&str> {
    let own: &[&str] = match profile {
        Profile::V23 => &ONLY_V23,
        Profile::V24 => &ONLY_V24,
    };
    COMMON.iter().chain(own).copied().chain(extra.iter().map(String::as_str)).collect()
}

fn set(filters: &str) -> BTreeSet<&str> {
    filters.split(',').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    const V23: &str = "drop:UAT,drop:hardRevokedCruft,drop:implausible,drop:invalidSelfSig,drop:structuralMartian,\
                       drop:unbound,drop:unparseable,schema:application/pgp-keys,versions:34,yminsky.dedup,yminsky.merge";
    const V24: &str = "drop:UAT,drop:hardRevokedCruft,drop:implausible,drop:invalidSelfSig,drop:oldSlhdsaSelfSig,\
                       drop:structuralMartian,drop:unbound,drop:unparseable,schema:application/pgp-keys,\
                       versions:3+4+6+rfc9980,yminsky.dedup,yminsky.merge";
    const SKS: &str = "yminsky.dedup,yminsky.merge";

    fn recon(settings: &[(&str, &str)]) -> Recon {
        let mut sources = Sources::default();
        let variables =
            settings.iter().map(|(key, value)| (format!("HOCKEYPUCK_CONFLUX_RECON_{key}"), (*value).to_owned()));
        sources.environment.extend(variables);
        let (config, _) = Config::load(&sources).usable().unwrap();
        config.recon
    }

    /// The strings are, octet for octet, those that servers of both networks compare with their own.
    #[test]
    fn both_networks_are_understood() {
        let filters = Filters::new(&recon(&[]));
        for (string, profile) in [(V23, Profile::V23), (V24, Profile::V24)] {
            let answer = filters.answer(None, string).unwrap();
            assert_eq!(answer, Choice { profile, filters: string.to_owned() });
            assert!(filters.offered.contains(&answer));
        }
    }

    /// Others are refused with what would have been right, and never imitated.
    #[test]
    fn other_networks_are_refused() {
        let filters = Filters::new(&recon(&[]));
        for string in ["", SKS, "versions:34", &format!("{V23},x"), &V24.replace("rfc9980", "pqcml")] {
            let refused = filters.answer(None, string).unwrap_err().to_string();
            assert_eq!(refused, format!("mismatched filters, expected {V24} or {V23}"));
        }
        let only_v23 = Filters::new(&recon(&[("PROFILES", "2.3")]));
        assert_eq!(only_v23.recognise(None, V24), None);
        assert_eq!(only_v23.recognise(None, V23), Some(Profile::V23));
    }

    /// A peer that lists its filters in another order means the same and hears its own order.
    #[test]
    fn the_order_means_nothing() {
        let reversed: Vec<&str> = V23.split(',').rev().collect();
        let answer = Filters::new(&recon(&[])).answer(None, &reversed.join(",")).unwrap();
        assert_eq!(answer, Choice { profile: Profile::V23, filters: reversed.join(",") });
    }

    /// Names that an operator adds are announced with every profile, in the order that peers expect.
    #[test]
    fn names_can_be_added() {
        let filters = Filters::new(&recon(&[("FILTERS", "a,zz")]));
        assert_eq!(filters.recognise(None, &format!("a,{V24},zz")), Some(Profile::V24));
        assert_eq!(filters.recognise(None, V24), None);
    }

    /// The networks of a closed partner are its own: no other peer gets in with them.
    #[test]
    fn a_closed_network_is_declared() {
        let recon = recon(&[
            ("PARTNER_SKS_RECONADDR", "192.0.2.1:11370"),
            ("PARTNER_SKS_PROFILE", "2.3"),
            ("PARTNER_SKS_FILTERS", "yminsky.merge,yminsky.dedup"),
        ]);
        let (filters, partner) = (Filters::new(&recon), &recon.partners[0]);
        let sks = Choice { profile: Profile::V23, filters: SKS.to_owned() };
        assert_eq!(filters.answer(Some(partner), SKS), Ok(sks.clone()));
        assert_eq!(filters.announce(partner, Some(Profile::V24)), Some(sks));
        assert_eq!(filters.recognise(Some(partner), V23), None);
        assert_eq!(filters.recognise(None, SKS), None);
    }

    /// A partner is first met with the newest profile, and then with the one that it turned out to have.
    #[test]
    fn a_partner_is_met_as_it_is_known() {
        let recon = recon(&[
            ("PARTNER_A_RECONADDR", "192.0.2.1:11370"),
            ("PARTNER_B_RECONADDR", "192.0.2.2:11370"),
            ("PARTNER_B_PROFILE", "2.3"),
        ]);
        let filters = Filters::new(&recon);
        let announced =
            |index: usize, known| filters.announce(&recon.partners[index], known).map(|choice| choice.profile);
        assert_eq!(announced(0, None), Some(Profile::V24));
        assert_eq!(announced(0, Some(Profile::V23)), Some(Profile::V23));
        assert_eq!(announced(1, None), Some(Profile::V23));
    }
}
