//! What a write needs to know before and besides the SQL.

use super::codec::{encode_legacy, encode_summary, index_key_id, is_indexable, lists_hash};
use super::{Put, PutOutcome, StorageError};
use crate::domain::{Digest, Digests, Fingerprint, Profile, SearchableUserId, Sign};

/// One put with its columns.
pub struct NewRow<'a> {
    pub put: &'a Put,
    /// The index of `put` in the caller's list.
    pub position: usize,
    pub summary: Vec<u8>,
    pub legacy_form: i16,
    pub legacy: Option<&'a [u8]>,
    pub lists: i64,
}

impl<'a> NewRow<'a> {
    /// All puts in the order of their fingerprints, in which every transaction locks.
    pub fn sorted(puts: &'a [Put]) -> Result<Vec<Self>, StorageError> {
        let mut rows = puts.iter().enumerate().map(|(at, put)| Self::new(at, put)).collect::<Result<Vec<_>, _>>()?;
        rows.sort_unstable_by(|a, b| a.fingerprint().cmp(b.fingerprint()));
        Ok(rows)
    }

    fn new(position: usize, put: &'a Put) -> Result<Self, StorageError> {
        let (legacy_form, legacy) = encode_legacy(&put.record.legacy);
        let summary = encode_summary(&put.record.summary)?;
        Ok(Self { put, position, summary, legacy_form, legacy, lists: lists_hash(&put.record) })
    }

    pub fn fingerprint(&self) -> &'a [u8] {
        self.put.record.fingerprint.as_bytes()
    }

    pub fn version(&self) -> i16 {
        i16::from(self.put.record.fingerprint.version())
    }

    pub fn packets(&self) -> &'a [u8] {
        &self.put.record.packets
    }

    /// Octets of the packets.
    pub fn length(&self) -> i32 {
        i32::try_from(self.packets().len()).unwrap_or(i32::MAX)
    }

    pub fn digest(&self, profile: Profile) -> Option<&'a [u8]> {
        let digests = &self.put.record.digests;
        let digest = match profile {
            Profile::V23 => digests.v23.as_ref(),
            Profile::V24 => digests.v24.as_ref(),
        };
        digest.map(|digest| digest.0.as_slice())
    }

    /// The rows of `cert_keys`.
    pub fn keys(&self) -> impl Iterator<Item = KeyRow<'a>> {
        let record = &self.put.record;
        record.keys.iter().filter_map(|key| {
            let is_primary = i16::from(*key == record.fingerprint);
            Some(KeyRow { key_id: index_key_id(key)?, is_primary, fingerprint: key.as_bytes() })
        })
    }

    /// The rows of `user_ids`: those that anything can find.
    pub fn user_ids(&self) -> impl Iterator<Item = UserIdRow<'a>> {
        self.put.record.user_ids.iter().map(UserIdRow::new).filter(|row| row.email.is_some() || !row.words.is_empty())
    }
}

pub struct KeyRow<'a> {
    pub key_id: i64,
    pub is_primary: i16,
    pub fingerprint: &'a [u8],
}

pub struct UserIdRow<'a> {
    pub email: Option<&'a str>,
    pub words: Vec<&'a str>,
}

impl<'a> UserIdRow<'a> {
    fn new(user_id: &'a SearchableUserId) -> Self {
        Self {
            email: user_id.email.as_deref().filter(|email| is_indexable(email)),
            words: user_id.keywords.iter().map(String::as_str).filter(|word| is_indexable(word)).collect(),
        }
    }
}

/// A row of the change log before it has a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEntry {
    pub profile: Profile,
    pub sign: Sign,
    pub digest: Digest,
    pub fingerprint: Fingerprint,
}

/// What happens in one transaction besides the rows of certificates.
#[derive(Default)]
pub struct Log(pub Vec<LogEntry>);

impl Log {
    /// A certificate's digests change from `old` to `new`: what leaves first, then what enters.
    pub fn record(&mut self, fingerprint: Fingerprint, old: Digests, new: Digests) {
        for profile in Profile::ALL {
            let (old, new) = (old.of(profile), new.of(profile));
            if old != new {
                let entry = |sign| move |digest| LogEntry { profile, sign, digest, fingerprint };
                self.0.extend(old.map(entry(Sign::Minus)));
                self.0.extend(new.map(entry(Sign::Plus)));
            }
        }
    }
}

/// The outcomes of a batch, which become known in any order.
pub struct Outcomes(Vec<PutOutcome>);

impl Outcomes {
    /// A put of which nothing else becomes known conflicts with something.
    pub fn new(count: usize) -> Self {
        Self(vec![PutOutcome::Conflict; count])
    }

    pub fn set(&mut self, row: &NewRow<'_>, outcome: PutOutcome) {
        if let Some(slot) = self.0.get_mut(row.position) {
            *slot = outcome;
        }
    }

    pub fn into_vec(self) -> Vec<PutOutcome> {
        self.0
    }
}
