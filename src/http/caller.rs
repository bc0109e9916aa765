//! Whether a request comes from where the operator allows more: from there itself, not through a proxy.

use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, HOST, VIA};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Request, Uri};
use ipnet::IpNet;

/// The other end of the connection. Rides on the request; never logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller(IpAddr);

impl Caller {
    /// An IPv4 address that an IPv6 socket shows is the same.
    pub fn new(address: SocketAddr) -> Self {
        Self(address.ip().to_canonical())
    }

    /// The request, with who sent it.
    pub(super) fn mark<B>(caller: Option<Self>, mut request: Request<B>) -> Request<B> {
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        request
    }

    /// Whether the request comes from one of `networks`, as far as can be told.
    ///
    /// A proxy in one of them passes on the requests of strangers. It is known by what most proxies add, and on this
    /// machine, where it hides best, by the name of the host, which most proxies leave.
    pub(super) fn is_within(self, networks: &[IpNet], uri: &Uri, headers: &HeaderMap) -> bool {
        networks.iter().any(|network| network.contains(&self.0))
            && !FORWARDING.iter().any(|name| headers.contains_key(name))
            && (!self.0.is_loopback() || names_this_machine(uri, headers))
    }
}

/// Headers with which proxies mark what they pass on.
static FORWARDING: [HeaderName; 9] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-server"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("cf-connecting-ip"),
    HeaderName::from_static("true-client-ip"),
];

/// Whether the client asked for a loopback address or `localhost`, and for nothing else.
fn names_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    let hosts = headers.get_all(HOST).iter().map(|host| Authority::try_from(host.as_bytes()).ok());
    let mut names = hosts.chain(uri.authority().cloned().map(Some)).peekable();
    names.peek().is_some() && names.all(|name| name.is_some_and(|name| is_this_machine(name.host())))
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
