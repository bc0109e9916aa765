//! Taking in what peers answered when they were asked by digest.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::Keyring;
use super::submit::{CertificateResult, Outcome, SubmitError};
use crate::cert::{self, Item, Limits, Rejection};
use crate::domain::{Digest, Fingerprint};

/// What became of one digest that a peer was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// A certificate with this digest is stored.
    Stored,
    /// The certificate is stored, under another digest: the rules or what was stored before make something else of it.
    Differs(Fingerprint),
    /// The certificate with this digest is not stored.
    Rejected(Rejection, Option<Fingerprint>),
    /// The answer had no certificate with this digest.
    Missing,
}

/// What became of a peer's answer.
#[derive(Debug)]
pub struct Recovery {
    /// One for each digest that was asked for.
    pub digests: Vec<(Digest, Recovered)>,
    /// Certificates of the answer that nobody asked for. They were submitted all the same.
    pub unasked: usize,
}

/// The answer, read.
struct Answer {
    items: Vec<Item>,
    /// For the digests that were found: the place of its certificate among the items.
    places: HashMap<Digest, usize>,
    unasked: usize,
}

impl Keyring {
    /// Submits the certificates that a peer answered when it was `asked` for these digests.
    ///
    /// A digest counts as answered only if what came has it, before normalisation; a peer cannot
    /// make this server give up a certificate by answering another one.
    pub async fn recover(&self, asked: Vec<Digest>, answered: Vec<Bytes>) -> Result<Recovery, SubmitError> {
        let limits = self.settings().limits;
        let wanted: HashSet<Digest> = asked.iter().copied().collect();
        let read = self.blocking(move || Answer::read(&wanted, answered, limits)).await;
        let Some(Answer { items, places, unasked }) = read else {
            let internal = |digest| (digest, Recovered::Rejected(Rejection::Internal, None));
            return Ok(Recovery { digests: asked.into_iter().map(internal).collect(), unasked: 0 });
        };
        let results = if items.is_empty() { Vec::new() } else { self.store_items(items).await?.results };
        let stored: HashSet<Digest> = self.store.gossip().stored(&asked).await?.into_iter().collect();
        let verdict = |digest| {
            let place = places.get(&digest).and_then(|place| results.get(*place));
            let verdict = if stored.contains(&digest) { Recovered::Stored } else { place.into() };
            (digest, verdict)
        };
        Ok(Recovery { digests: asked.into_iter().map(verdict).collect(), unasked })
    }
}

impl Answer {
    fn read(wanted: &HashSet<Digest>, answered: Vec<Bytes>, limits: Limits) -> Self {
        let mut answer = Self { items: Vec::new(), places: HashMap::new(), unasked: 0 };
        for packets in answered {
            let digests = cert::digests_as_received(&packets);
            // Signatures without their certificate have no business here.
            let items = cert::read(packets, limits).filter(|item| !matches!(item, Item::BareSignature(_)));
            let place = answer.items.len();
            answer.items.extend(items);
            match digests.into_iter().find(|digest| wanted.contains(digest)) {
                Some(digest) if answer.items.len() > place => drop(answer.places.insert(digest, place)),
                _ => answer.unasked += 1,
            }
        }
        answer
    }
}

impl From<Option<&CertificateResult>> for Recovered {
    fn from(result: Option<&CertificateResult>) -> Self {
        match result {
            Some(CertificateResult { fingerprint, outcome: Outcome::Rejected(reason) }) => {
                Self::Rejected(reason.clone(), *fingerprint)
            }
            Some(CertificateResult { fingerprint: Some(fingerprint), .. }) => Self::Differs(*fingerprint),
            Some(CertificateResult { fingerprint: None, .. }) | None => Self::Missing,
        }
    }
}
