//! Pushes over TLS: what arrives, and that nothing is sent to somebody else.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::serve::Listener;
use hockeypuck::gossip::client::client;
use hockeypuck::gossip::push::Target;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Source, to};
use crate::gossip::keyserver::Keyserver;
use crate::support::authority::{Authority, Pair};
use crate::support::certs::small;

/// A socket behind which TLS is spoken, with a certificate that may be changed.
struct Secure {
    socket: TcpListener,
    shown: Shown,
}

type Shown = Arc<Mutex<TlsAcceptor>>;

impl Listener for Secure {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.socket.accept().await.unwrap();
            let acceptor = self.shown.lock().unwrap().clone();
            // Who does not trust the certificate goes away.
            if let Ok(stream) = acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.socket.local_addr()
    }
}

fn acceptor(pair: &Pair) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let cert = CertificateDer::from_pem_file(&pair.cert).unwrap();
    let key = PrivateKeyDer::from_pem_file(&pair.key).unwrap();
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(vec![cert], key).unwrap()))
}

/// A keyserver on `localhost` with a certificate.
async fn keyserver(scheme: &str, pair: &Pair) -> (Keyserver, Shown) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("{scheme}://localhost:{}", socket.local_addr().unwrap().port()).parse().unwrap();
    let shown = Arc::new(Mutex::new(acceptor(pair)));
    (Keyserver::serve(Secure { socket, shown: shown.clone() }, target), shown)
}

/// Certificates with keys that nobody has trusted until this test.
struct Names {
    authority: Authority,
    right: Pair,
}

impl Names {
    fn new() -> Self {
        let authority = Authority::new();
        let right = authority.issue("right", "DNS:localhost");
        Self { authority, right }
    }

    async fn source(&self) -> Source {
        Source { authority: Some(self.authority.root()), ..Source::new().await }
    }
}

/// Both kinds of target get what changes, as their interfaces want it: a form field, and a member of JSON.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_arrive() {
    let names = Names::new();
    for scheme in ["hkps", "vks"] {
        let source = names.source().await;
        let (mut keyserver, _) = keyserver(scheme, &names.right).await;
        let _pushing = source.push("one", to(&keyserver)).await;
        let certificate = small("Alice <alice@example.org>");
        source.add(&[&certificate]).await;
        let received = keyserver.next().await;
        assert_eq!((received.fingerprint, received.user_ids), (certificate.fingerprint(), 1), "{scheme}");
        assert_eq!(received.sender, "admin@keys.example.org", "{scheme}");
        source.state(&to(&keyserver), |state| state.last_sync.is_some() && state.last_error.is_none()).await;
        assert_eq!(keyserver.rest(), [], "{scheme}");
    }
}

/// An error of the application is an error over TLS as well, and the certificate is sent again.
#[tokio::test(flavor = "multi_thread")]
async fn errors_are_tried_again() {
    let names = Names::new();
    for scheme in ["hkps", "vks"] {
        let source = names.source().await;
        let (mut keyserver, _) = keyserver(scheme, &names.right).await;
        keyserver.answer(|_| 503);
        let _pushing = source.push("one", to(&keyserver)).await;
        let certificate = small("a");
        source.add(&[&certificate]).await;
        assert_eq!(keyserver.next().await.status, 503, "{scheme}");
        let state = source.state(&to(&keyserver), |state| state.failures > 0).await;
        assert_eq!(state.last_error.as_deref(), Some("the answer was 503 Service Unavailable"), "{scheme}");
        keyserver.answer(|_| 200);
        while keyserver.next().await.status != 200 {}
        source.state(&to(&keyserver), |state| state.failures == 0 && state.last_sync.is_some()).await;
    }
}

/// A certificate by somebody unknown, or for another host, is an error before anything is sent; what was to be sent
/// arrives once the right one is shown.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_somebody_else() {
    let (names, others) = (Names::new(), Names::new());
    let elsewhere = names.authority.issue("elsewhere", "DNS:keys.example.org");
    for (scheme, wrong) in [("hkps", &others.right), ("vks", &elsewhere)] {
        let source = names.source().await;
        let (mut keyserver, shown) = keyserver(scheme, wrong).await;
        let target = to(&keyserver);
        let _pushing = source.push("one", target.clone()).await;
        let certificate = small("a");
        source.add(&[&certificate]).await;
        let state = source.state(&target, |state| state.failures > 0).await;
        let last = source.world.store.changes(0, 100).await.unwrap().last().unwrap().seq;
        assert!(state.position < last && state.last_sync.is_none(), "{scheme}: {state:?}");
        let told = state.last_error.unwrap();
        assert!(told.contains("certificate"), "{scheme}: {told}");
        assert_eq!(keyserver.rest(), [], "{scheme}");
        *shown.lock().unwrap() = acceptor(&names.right);
        assert_eq!(keyserver.next().await.fingerprint, certificate.fingerprint(), "{scheme}");
        source.state(&target, |state| state.failures == 0 && state.last_sync.is_some()).await;
    }
}

/// Without a word of the operator, an authority that the machine does not know is not trusted.
#[tokio::test(flavor = "multi_thread")]
async fn an_authority_has_to_be_named() {
    let names = Names::new();
    let source = Source::new().await;
    let (mut keyserver, _) = keyserver("hkps", &names.right).await;
    let target: Target = to(&keyserver);
    let _pushing = source.push("one", target.clone()).await;
    source.add(&[&small("a")]).await;
    source.state(&target, |state| state.failures > 0).await;
    assert_eq!(keyserver.rest(), []);
}

/// A file of authorities that is missing or has none is an error that names it.
#[test]
fn a_file_without_authorities_is_an_error() {
    let names = Names::new();
    assert!(client("a", Some(&names.authority.root())).is_ok());
    let told = |path: &Path| client("a", Some(path)).unwrap_err().to_string();
    assert!(told(&names.right.key).ends_with("right.key.pem\" has no certificates in PEM"));
    assert!(told(Path::new("/nowhere/ca.pem")).starts_with("pks.caFile = \"/nowhere/ca.pem\" cannot be read: "));
}
