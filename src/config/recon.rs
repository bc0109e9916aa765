//! Gossip: who this server exchanges certificates with, and what that may cost.

mod compat;
mod partner;

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

pub use partner::Partner;

use super::BindAddress;
use super::address::OptionalAddress;
use super::reader::{Key, Reader};
use crate::domain::Profile;

/// `[hockeypuck.conflux.recon]` and `reconStaleSecs`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recon {
    /// `None`: peers cannot connect.
    pub bind: Option<BindAddress>,
    /// The port of HKP that peers are told, where they fetch certificates; 0 for the one that is listened on.
    pub http_port: u16,
    /// Names that every filter string holds beside those of the profile.
    pub filters: Vec<String>,
    /// The rules of which networks this server follows, each with its own tree; never empty, no profile twice.
    pub profiles: Vec<Profile>,
    /// Who may connect beside the partners.
    pub allow: Vec<IpNet>,
    /// Proxies, which must tell the address of who connects in a header of the PROXY protocol.
    pub trusted_proxies: Vec<IpNet>,
    /// Between two sessions that this server opens with the same choice of partners.
    pub gossip_interval: Duration,
    /// The most sessions at once that others opened.
    pub max_sessions: usize,
    /// The most sessions at once that one partner, or one other address, opened.
    pub max_sessions_per_partner: usize,
    /// The most requests for missing certificates at once to one partner.
    pub recovery_connections: usize,
    /// After how long without a session a partner is shown as stale.
    pub stale: Duration,
    /// Sorted by name.
    pub partners: Vec<Partner>,
}

const RECON_PORT: u16 = 11370;
const HTTP_PORT: u16 = 11371;
/// The longest filter name.
const FILTER_OCTETS_LIMIT: usize = 256;
const DAY_SECONDS: i64 = 86_400;

impl Recon {
    /// `hkp` is where HKP is served.
    pub(super) fn read(reader: &mut Reader<'_>, hkp: &BindAddress) -> Self {
        compat::check_fixed(reader);
        compat::imply(reader);
        let profiles = profiles(reader);
        let partners = partner::read(reader, &profiles);
        let allow = reader.list(Key::new("conflux.recon.allowCIDRs"), &[], network);
        let is_wanted = !partners.is_empty() || !allow.is_empty();
        let bind = is_wanted.then(|| BindAddress { host: String::new(), port: RECON_PORT });
        Self {
            bind: reader.get(Key::new("conflux.recon.reconAddr").flag("recon-bind"), OptionalAddress(bind)).0,
            http_port: http_port(reader, hkp),
            filters: reader.list(Key::new("conflux.recon.filters"), &[], filter),
            profiles,
            allow,
            trusted_proxies: reader.list(Key::new("conflux.recon.trustedProxies"), &[], network),
            gossip_interval: seconds(reader, "conflux.recon.gossipIntervalSecs", 60, DAY_SECONDS),
            max_sessions: count(reader, "conflux.recon.maxSessions", 32),
            max_sessions_per_partner: count(reader, "conflux.recon.maxSessionsPerPartner", 4),
            recovery_connections: count(reader, "conflux.recon.recoveryConnections", 2),
            stale: seconds(reader, "reconStaleSecs", DAY_SECONDS, 366 * DAY_SECONDS),
            partners,
        }
    }

    /// Whether this server reconciles at all, with peers that it contacts or that contact it.
    pub fn is_on(&self) -> bool {
        self.bind.is_some() || !self.partners.is_empty()
    }
}

/// Hockeypuck's files rely on 11371; else what is listened on is what peers can reach.
fn http_port(reader: &mut Reader<'_>, hkp: &BindAddress) -> u16 {
    let port = if reader.has_file() { HTTP_PORT } else { hkp.port };
    reader.get(Key::new("conflux.recon.httpAddr"), BindAddress { host: String::new(), port }).port
}

fn profiles(reader: &mut Reader<'_>) -> Vec<Profile> {
    let all = Profile::ALL.map(Profile::as_str);
    let mut profiles = reader.list(Key::new("conflux.recon.profiles"), &all, profile);
    profiles.sort_unstable();
    profiles.dedup();
    if profiles.is_empty() { Profile::ALL.to_vec() } else { profiles }
}

fn profile(text: &str) -> Result<Profile, String> {
    let found = Profile::ALL.into_iter().find(|profile| profile.as_str() == text);
    found.ok_or_else(|| "the profile \"2.3\" or \"2.4\"".to_owned())
}

/// An address stands for the network that holds nothing else.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from).ok();
    let parsed = text.parse().ok().or_else(address);
    parsed.ok_or_else(|| "networks such as \"192.0.2.0/24\" or \"2001:db8::/32\"".to_owned())
}

/// Filter strings join the names with commas.
fn filter(text: &str) -> Result<String, String> {
    let is_name = text.chars().all(|c| c.is_ascii_graphic() && c != ',');
    if is_name && (1..=FILTER_OCTETS_LIMIT).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err("names of filters, without spaces and commas".to_owned())
    }
}

fn seconds(reader: &mut Reader<'_>, path: &'static str, default: i64, most: i64) -> Duration {
    Duration::from_secs(reader.number(Key::new(path), default, 1..=most).unsigned_abs())
}

fn count(reader: &mut Reader<'_>, path: &'static str, default: i64) -> usize {
    usize::try_from(reader.number(Key::new(path), default, 1..=1000)).unwrap_or(1)
}
