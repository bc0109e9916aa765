//! Who may open a session.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ipnet::IpNet;
use tokio_util::sync::CancellationToken;

use crate::config::{Partner, Recon};

/// How long resolving one name may take.
const RESOLVE_LIMIT: Duration = Duration::from_secs(10);
/// The most addresses of one name that count.
const ADDRESSES_LIMIT: usize = 64;

/// Who opened a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The partners that have this address: several when they share it. Never empty.
    Partners(Vec<Arc<Partner>>),
    /// Nobody that an operator named, from a network that he allows.
    Anonymous,
    Refused,
}

/// Knows the addresses of the partners.
#[derive(Debug)]
pub struct Access {
    partners: Vec<Arc<Partner>>,
    allow: Vec<IpNet>,
    /// By name of a host; those of a name that cannot be resolved at the moment stay.
    addresses: RwLock<BTreeMap<String, Vec<IpAddr>>>,
}

impl Access {
    /// Knows partners that are given by address at once, others after [`Access::refresh`].
    pub fn new(recon: &Recon) -> Self {
        let partners: Vec<_> = recon.partners.iter().cloned().map(Arc::new).collect();
        let hosts = partners.iter().flat_map(|partner| hosts(partner)).filter_map(|host| {
            let address: IpAddr = host.parse().ok()?;
            Some((host.to_owned(), vec![address.to_canonical()]))
        });
        let addresses = RwLock::new(hosts.collect());
        Self { partners, allow: recon.allow.clone(), addresses }
    }

    /// Who `source` is.
    pub fn admit(&self, source: IpAddr) -> Admission {
        let source = source.to_canonical();
        let addresses = self.addresses.read().unwrap_or_else(PoisonError::into_inner);
        let is_of = |host: &str| addresses.get(host).is_some_and(|found| found.contains(&source));
        let partners: Vec<_> =
            self.partners.iter().filter(|partner| hosts(partner).any(is_of)).map(Arc::clone).collect();
        if !partners.is_empty() {
            return Admission::Partners(partners);
        }
        if self.allow.iter().any(|network| network.contains(&source)) {
            Admission::Anonymous
        } else {
            Admission::Refused
        }
    }

    /// Resolves the names of all partners once more.
    pub async fn refresh(&self) {
        for host in self.names() {
            match resolve(&host).await {
                Ok(found) => {
                    self.addresses.write().unwrap_or_else(PoisonError::into_inner).insert(host, found);
                }
                Err(cause) => tracing::warn!(%host, %cause, "the name of a partner cannot be resolved"),
            }
        }
    }

    /// Resolves the names of all partners again and again, until `stop`.
    pub async fn keep_fresh(&self, interval: Duration, stop: CancellationToken) {
        let forever = async {
            loop {
                self.refresh().await;
                tokio::time::sleep(interval).await;
            }
        };
        tokio::select! {
            () = forever => {}
            () = stop.cancelled() => {}
        }
    }

    fn names(&self) -> Vec<String> {
        let hosts = self.partners.iter().flat_map(|partner| hosts(partner));
        let mut names: Vec<_> = hosts.filter(|host| host.parse::<IpAddr>().is_err()).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Admission {
    /// The partner that tells `http_port`, else the first of those with this address.
    pub fn partner(&self, http_port: u16) -> Option<&Arc<Partner>> {
        let Self::Partners(partners) = self else { return None };
        let has_port = |partner: &&Arc<Partner>| partner.http.as_ref().is_some_and(|http| http.port == http_port);
        partners.iter().find(has_port).or(partners.first())
    }
}

/// The hosts from which a partner connects.
fn hosts(partner: &Partner) -> impl Iterator<Item = &str> {
    [&partner.recon, &partner.http].into_iter().flatten().map(|address| address.host.as_str())
}

async fn resolve(host: &str) -> std::io::Result<Vec<IpAddr>> {
    let resolving = tokio::net::lookup_host((host, 0));
    let found = tokio::time::timeout(RESOLVE_LIMIT, resolving).await.map_err(|_| std::io::ErrorKind::TimedOut)??;
    Ok(found.take(ADDRESSES_LIMIT).map(|address: SocketAddr| address.ip().to_canonical()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    fn access(settings: &[(&str, &str)]) -> Access {
        let mut sources = Sources::default();
        let variables =
            settings.iter().map(|(key, value)| (format!("HOCKEYPUCK_CONFLUX_RECON_{key}"), (*value).to_owned()));
        sources.environment.extend(variables);
        Access::new(&Config::load(&sources).usable().unwrap().0.recon)
    }

    fn names(access: &Access, source: &str) -> Option<Vec<String>> {
        match access.admit(source.parse().unwrap()) {
            Admission::Partners(partners) => Some(partners.iter().map(|partner| partner.name.clone()).collect()),
            Admission::Anonymous => Some(Vec::new()),
            Admission::Refused => None,
        }
    }

    /// A partner connects from its recon or its HTTP address, in either spelling of an IPv4 address.
    #[test]
    fn partners_are_known_by_their_addresses() {
        let access = access(&[
            ("PARTNER_A_RECONADDR", "192.0.2.1:11370"),
            ("PARTNER_A_HTTPADDR", "[2001:db8::1]:11371"),
            ("PARTNER_B_RECONADDR", "192.0.2.2:11370"),
        ]);
        for source in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1"] {
            assert_eq!(names(&access, source), Some(vec!["a".to_owned()]), "{source}");
        }
        assert_eq!(names(&access, "192.0.2.2"), Some(vec!["b".to_owned()]));
    }

    /// Nobody else gets in, not even from this machine, unless the operator allows its network.
    #[test]
    fn strangers_are_refused() {
        let partner = ("PARTNER_A_RECONADDR", "192.0.2.1:11370");
        for source in ["192.0.2.3", "127.0.0.1", "::1", "2001:db8::1"] {
            assert_eq!(names(&access(&[partner]), source), None, "{source}");
        }
        let access = access(&[partner, ("ALLOWCIDRS", "127.0.0.1/8, 2001:db8::/32, 198.51.100.7")]);
        for source in ["127.9.9.9", "::ffff:127.0.0.1", "2001:db8::1", "198.51.100.7"] {
            assert_eq!(names(&access, source), Some(Vec::new()), "{source}");
        }
        assert_eq!(names(&access, "198.51.100.8"), None);
        assert_eq!(names(&access, "192.0.2.1"), Some(vec!["a".to_owned()]));
    }

    /// Partners behind one address are told apart by the HTTP port that they tell.
    #[test]
    fn partners_may_share_an_address() {
        let access = access(&[("PARTNER_A_HTTPADDR", "192.0.2.1:1"), ("PARTNER_B_HTTPADDR", "192.0.2.1:2")]);
        let admission = access.admit("192.0.2.1".parse().unwrap());
        let partner = |port| admission.partner(port).map(|partner| partner.name.clone());
        assert_eq!([partner(1), partner(2), partner(3)], [Some("a".into()), Some("b".into()), Some("a".into())]);
        assert_eq!(Admission::Anonymous.partner(1), None);
    }

    /// A partner that is given by name is known once the name was resolved; a name that does not
    /// exist harms nobody else.
    #[tokio::test]
    async fn names_are_resolved() {
        let access = access(&[
            ("PARTNER_A_RECONADDR", "localhost:11370"),
            ("PARTNER_B_RECONADDR", "no-such-host.invalid:11370"),
        ]);
        assert_eq!(names(&access, "127.0.0.1"), None);
        access.refresh().await;
        assert_eq!(names(&access, "127.0.0.1"), Some(vec!["a".to_owned()]));
    }
}
