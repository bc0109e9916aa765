//! The HTTP client of gossip: it asks partners for certificates and pushes to those that do not reconcile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder};
use thiserror::Error;

/// One request in all.
const REQUEST_DEADLINE: Duration = Duration::from_secs(30);
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// The client cannot be set up.
#[derive(Debug, Error)]
pub enum ClientError {
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
    #[error("pks.caFile = \"{}\" cannot be read: {cause}", .path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error("pks.caFile = \"{}\" has no certificates in PEM", .path.display())]
    NoAuthority { path: PathBuf },
}

/// A client that calls itself `agent` and trusts the machine's authorities, and those in `ca_file`. Its connections
/// are kept.
pub fn client(agent: &str, ca_file: Option<&Path>) -> Result<Client, ClientError> {
    // Another part of the process may have chosen already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authorities = ca_file.map(authorities).transpose()?.unwrap_or_default();
    match builder(agent).tls_certs_merge(authorities.clone()).build() {
        Ok(client) => Ok(client),
        // A machine without authorities still speaks HTTP, which is all that reconciling needs.
        Err(error) => {
            tracing::warn!(%error, "the machine's certificate authorities cannot be read and are not trusted");
            Ok(builder(agent).tls_certs_only(authorities).build()?)
        }
    }
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, ClientError> {
    let pem = std::fs::read(path).map_err(|cause| ClientError::Unreadable { path: path.to_owned(), cause })?;
    let found = Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if found.is_empty() { Err(ClientError::NoAuthority { path: path.to_owned() }) } else { Ok(found) }
}

fn builder(agent: &str) -> ClientBuilder {
    Client::builder()
        .user_agent(agent)
        .timeout(REQUEST_DEADLINE)
        .connect_timeout(CONNECT_DEADLINE)
        // A push that is sent elsewhere did not arrive, and a partner's redirection could lead anywhere.
        .redirect(reqwest::redirect::Policy::none())
}
