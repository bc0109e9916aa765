//! One certificate to one target over HTTP.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::{Client, Response, StatusCode};
use serde_json::json;
use thiserror::Error;

use crate::cert::armor::encode::encode;
use crate::config::{PushScheme, PushTarget};

/// What is read of an answer, in octets, so that its connection can be used again.
const ANSWER_OCTETS_LIMIT: usize = 65_536;

/// Sends certificates. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client,
    /// The value of `PKS-Sender`, or empty.
    from: Arc<str>,
}

/// The target did not take a certificate. One sentence each.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Rejection {
    /// It will not take this one, but perhaps others.
    #[error("{0}")]
    Certificate(String),
    /// It takes none at the moment.
    #[error("{0}")]
    Target(String),
}

impl Sender {
    /// `from` is ASCII on one line.
    pub fn new(client: Client, from: &str) -> Self {
        Self { client, from: from.into() }
    }

    /// Succeeds when the target says so.
    pub(super) async fn send(&self, target: &PushTarget, packets: Bytes) -> Result<(), Rejection> {
        let text = String::from_utf8_lossy(&encode(&[], &[packets])).into_owned();
        let request = self.client.post(url(target));
        let request = match target.scheme {
            PushScheme::Hkp | PushScheme::Hkps => request.form(&[("keytext", text)]),
            PushScheme::Vks => request.json(&json!({ "keytext": text })),
        };
        let request = if self.from.is_empty() { request } else { request.header("PKS-Sender", &*self.from) };
        let response = request.send().await.map_err(|error| Rejection::Target(words(&error)))?;
        let status = response.status();
        drain(response).await;
        judge(status)
    }
}

fn url(target: &PushTarget) -> String {
    let (scheme, path) = match target.scheme {
        PushScheme::Hkp => ("http", "/pks/add"),
        PushScheme::Hkps => ("https", "/pks/add"),
        PushScheme::Vks => ("https", "/vks/v1/upload"),
    };
    format!("{scheme}://{}{path}", target.address)
}

/// Only some codes speak of the certificate; all others would be the same for the next.
fn judge(status: StatusCode) -> Result<(), Rejection> {
    let sentence = format!("the answer was {status}");
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
            Err(Rejection::Certificate(sentence))
        }
        _ => Err(Rejection::Target(sentence)),
    }
}

async fn drain(mut response: Response) {
    let mut rest = ANSWER_OCTETS_LIMIT;
    while let Ok(Some(chunk)) = response.chunk().await {
        match rest.checked_sub(chunk.len()) {
            Some(less) => rest = less,
            None => return,
        }
    }
}

/// The error with its causes, without the address, which the operator knows.
fn words(error: &reqwest::Error) -> String {
    let mut words = if error.is_timeout() { "no answer in time".to_owned() } else { "no answer".to_owned() };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each kind of target has its address.
    #[test]
    fn targets_have_urls() {
        for (target, expected) in [
            ("hkp://keys.example.org", "http://keys.example.org:11371/pks/add"),
            ("hkps://keys.example.org", "https://keys.example.org:443/pks/add"),
            ("vks://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/vks/v1/upload"),
        ] {
            assert_eq!(url(&target.parse().unwrap()), expected);
        }
    }

    /// Only 2xx is success, and only what speaks of the certificate lets the next one go before it.
    #[test]
    fn answers_are_judged() {
        let judged = |code| match judge(StatusCode::from_u16(code).unwrap()) {
            Ok(()) => "taken",
            Err(Rejection::Certificate(_)) => "rejected",
            Err(Rejection::Target(_)) => "failed",
        };
        for (codes, expected) in [
            (&[200, 201, 204][..], "taken"),
            (&[400, 413, 422], "rejected"),
            (&[301, 302, 307, 401, 403, 404, 408, 429, 500, 502, 503], "failed"),
        ] {
            assert!(codes.iter().all(|code| judged(*code) == expected), "{expected}");
        }
    }
}
