//! The HTTP client of gossip: it asks partners for certificates and pushes to those that do not reconcile.

use std::time::Duration;

use reqwest::Client;
use thiserror::Error;

/// One request in all.
const REQUEST_DEADLINE: Duration = Duration::from_secs(30);
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// The client cannot be set up.
#[derive(Debug, Error)]
#[error("the HTTP client cannot be set up: {0}")]
pub struct ClientError(#[from] reqwest::Error);

/// A client that calls itself `agent`. Its connections are kept.
pub fn client(agent: &str) -> Result<Client, ClientError> {
    // Another part of the process may have chosen already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .user_agent(agent)
        .timeout(REQUEST_DEADLINE)
        .connect_timeout(CONNECT_DEADLINE)
        // A push that is sent elsewhere did not arrive, and a partner's redirection could lead anywhere.
        .redirect(reqwest::redirect::Policy::none());
    Ok(client.build()?)
}
