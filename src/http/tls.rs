//! TLS of the HKP listener: its certificate, which is replaced while connections are open.

mod expiry;
mod files;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::config::{Hkps, Live};
use crate::telemetry::TlsMetrics;
use files::Octets;

/// How often the files are looked at.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(60);
/// HTTP/2 where the client can.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why a certificate cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TlsError {
    #[error("{file} cannot be read: {cause}")]
    Read { file: String, cause: String },
    #[error("{file} has no {what} in PEM")]
    Missing { file: String, what: &'static str },
    #[error("the certificate in {cert} and the key in {key} cannot be used: {cause}")]
    Pair { cert: String, key: String, cause: String },
}

/// The certificate in use. All clones are one. A connection keeps the one that it began with.
#[derive(Clone)]
pub struct Tls {
    config: Live<ServerConfig>,
    files: Arc<Mutex<Files>>,
    metrics: TlsMetrics,
}

/// The files that are followed.
struct Files {
    hkps: Hkps,
    /// What was last tried, so that a failure is told once.
    tried: Result<Octets, TlsError>,
}

impl Tls {
    /// With the certificate that the files hold.
    pub fn open(hkps: &Hkps, metrics: TlsMetrics) -> Result<Self, TlsError> {
        let octets = files::read(hkps)?;
        let config = Live::new(server_config(hkps, &octets, &metrics)?);
        let files = Arc::new(Mutex::new(Files { hkps: hkps.clone(), tried: Ok(octets) }));
        Ok(Self { config, files, metrics })
    }

    /// Accepts connections with the certificate of the moment.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.get())
    }

    /// Takes what these files hold. When it cannot be used, the certificate stays, and the log tells.
    pub fn reload(&self, hkps: &Hkps) {
        let mut files = self.files();
        files.hkps = hkps.clone();
        let read = files::read(hkps);
        self.take(&mut files, read);
    }

    /// Looks at the files again and again until `stop`.
    pub async fn keep_fresh(self, interval: Duration, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
            self.look();
        }
    }

    /// Takes what the files hold if it changed. Small local files are read in less time than it takes to hand over.
    fn look(&self) {
        let mut files = self.files();
        let read = files::read(&files.hkps);
        if read != files.tried {
            self.take(&mut files, read);
        }
    }

    fn take(&self, files: &mut Files, read: Result<Octets, TlsError>) {
        let config = read.clone().and_then(|octets| server_config(&files.hkps, &octets, &self.metrics));
        files.tried = read;
        match config {
            Ok(config) => {
                self.config.set(config);
                self.metrics.reloads.with_label_values(&["ok"]).inc();
                tracing::info!("the certificate of hkps was read again; new connections get it");
            }
            Err(error) => {
                self.metrics.reloads.with_label_values(&["failed"]).inc();
                tracing::error!(%error, "the certificate of hkps stays the old one");
            }
        }
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// TLS 1.2 and 1.3, and no session of an earlier certificate.
fn server_config(hkps: &Hkps, octets: &Octets, metrics: &TlsMetrics) -> Result<ServerConfig, TlsError> {
    let (chain, key) = octets.parse(hkps)?;
    let pair = |cause: rustls::Error| TlsError::Pair {
        cert: hkps.cert.display().to_string(),
        key: hkps.key.display().to_string(),
        cause: cause.to_string(),
    };
    let expiry = chain.first().and_then(|certificate| expiry::not_after(certificate));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(pair)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(pair)?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    metrics.expires(expiry);
    Ok(config)
}
