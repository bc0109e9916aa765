//! Records with made-up octets: the store parses no OpenPGP data.

use bytes::Bytes;
use hockeypuck::domain::search::{email_of, keywords_of};
use hockeypuck::domain::summary::{
    AlgorithmSummary, Issuer, KeySummary, SignatureSummary, SubkeySummary, Summary, UserIdSummary,
};
use hockeypuck::domain::{Digest, Digests, Fingerprint, KeyId, LegacyForm, Record, SearchableUserId};
use hockeypuck::storage::{Put, Revision};
use sha2::{Digest as _, Sha256};

/// Builds the record of certificate number `n`, in version `generation`; everything follows from the two.
pub struct Sample {
    n: u32,
    generation: u32,
    fingerprint: Fingerprint,
    subkeys: Vec<Fingerprint>,
    user_ids: Vec<String>,
    octets: usize,
    legacy: LegacyForm,
    digests: Option<Digests>,
}

/// A version 4 certificate without subkeys and user IDs.
pub fn sample(n: u32) -> Sample {
    Sample {
        n,
        generation: 0,
        fingerprint: v4(n),
        subkeys: Vec::new(),
        user_ids: Vec::new(),
        octets: 700,
        legacy: LegacyForm::Full,
        digests: None,
    }
}

impl Sample {
    pub fn generation(self, generation: u32) -> Self {
        Self { generation, ..self }
    }

    pub fn fingerprint(self, fingerprint: Fingerprint) -> Self {
        Self { fingerprint, ..self }
    }

    pub fn subkey(mut self, subkey: Fingerprint) -> Self {
        self.subkeys.push(subkey);
        self
    }

    pub fn user_id(mut self, text: &str) -> Self {
        self.user_ids.push(text.to_owned());
        self
    }

    pub fn octets(self, octets: usize) -> Self {
        Self { octets, ..self }
    }

    pub fn legacy(self, legacy: LegacyForm) -> Self {
        Self { legacy, ..self }
    }

    pub fn digests(self, v23: Option<Digest>, v24: Option<Digest>) -> Self {
        Self { digests: Some(Digests { v23, v24 }), ..self }
    }

    pub fn record(self) -> Record {
        let both = Some(digest(self.n, self.generation));
        Record {
            fingerprint: self.fingerprint,
            packets: packets(self.n, self.generation, self.octets),
            legacy: self.legacy,
            digests: self.digests.unwrap_or(Digests { v23: both, v24: both }),
            summary: summary(self.fingerprint, self.generation, &self.subkeys, &self.user_ids),
            keys: std::iter::once(self.fingerprint).chain(self.subkeys).collect(),
            user_ids: self.user_ids.iter().map(|text| searchable(text)).collect(),
        }
    }

    /// A put for when there is no such certificate.
    pub fn new_put(self) -> Put {
        Put { record: self.record(), base: None }
    }

    /// A put over the stored revision `base`.
    pub fn put_over(self, base: i64) -> Put {
        Put { record: self.record(), base: Some(Revision(base)) }
    }
}

/// The version 4 fingerprint of number `n`; unlike in order of `n`.
pub fn v4(n: u32) -> Fingerprint {
    let octets: [u8; 32] = seeded("v4", n, 0);
    Fingerprint::V4(*octets.first_chunk().expect("32 octets have 20"))
}

/// The version 6 fingerprint of number `n`.
pub fn v6(n: u32) -> Fingerprint {
    Fingerprint::V6(seeded("v6", n, 0))
}

/// The digest of certificate `n` in version `generation`.
pub fn digest(n: u32, generation: u32) -> Digest {
    let octets: [u8; 32] = seeded("digest", n, generation);
    Digest(*octets.first_chunk().expect("32 octets have 16"))
}

fn packets(n: u32, generation: u32, count: usize) -> Bytes {
    let mut octets = Vec::with_capacity(count + 32);
    let mut block = 0;
    while octets.len() < count {
        octets.extend_from_slice(&seeded("packets", n, generation.wrapping_mul(65_536).wrapping_add(block)));
        block += 1;
    }
    octets.truncate(count);
    octets.into()
}

fn summary(primary: Fingerprint, generation: u32, subkeys: &[Fingerprint], user_ids: &[String]) -> Summary {
    let signature = SignatureSummary {
        version: 4,
        kind: 0x13,
        issuer: Issuer::Both(KeyId([7; 8]), primary),
        created: 1_700_000_000 + generation,
        expires: Some(u64::from(u32::MAX) + 1),
        primary: true,
        reason: Some(200),
        policy_uri: Some("https://example.org/policy".into()),
    };
    let key = |fingerprint, curve: Option<&str>| KeySummary {
        fingerprint,
        created: 1_600_000_000,
        expires: None,
        algorithm: AlgorithmSummary { code: 22, bits: 263, curve: curve.map(str::to_owned) },
    };
    Summary {
        key: key(primary, Some("Ed25519")),
        revoked: generation % 2 == 1,
        length: 612,
        signatures: Vec::new(),
        user_ids: user_ids
            .iter()
            .map(|text| UserIdSummary {
                text: text.clone(),
                valid_since: Some(1_600_000_001),
                expires: None,
                revoked: false,
                signatures: vec![signature.clone()],
            })
            .collect(),
        subkeys: subkeys
            .iter()
            .map(|subkey| SubkeySummary {
                key: key(*subkey, None),
                revoked: false,
                signatures: vec![signature.clone()],
            })
            .collect(),
    }
}

fn searchable(text: &str) -> SearchableUserId {
    SearchableUserId { text: text.to_owned(), email: email_of(text), keywords: keywords_of(text) }
}

fn seeded(purpose: &str, n: u32, generation: u32) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(purpose.as_bytes());
    hash.update(n.to_be_bytes());
    hash.update(generation.to_be_bytes());
    hash.finalize().into()
}
