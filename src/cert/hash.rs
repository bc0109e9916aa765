//! Hash algorithms of signatures, and what signatures hash.
//!
//! Plain hashes: a SHA-1 that detects collisions gives other digests for collision inputs.

use sha1::digest::DynDigest;

/// The hash algorithms that are accepted anywhere (RFC 9580 section 9.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashAlgorithm {
    Md5 = 1,
    Sha1 = 2,
    Sha256 = 8,
    Sha384 = 9,
    Sha512 = 10,
    Sha224 = 11,
    Sha3_256 = 12,
    Sha3_512 = 14,
}

impl HashAlgorithm {
    pub const COUNT: usize = 8;

    /// The algorithm `id` of a signature of `version`; `None` where such a signature is dropped.
    pub fn of_signature(id: u8, version: u8) -> Option<Self> {
        let algorithm = match id {
            1 => Self::Md5,
            2 => Self::Sha1,
            8 => Self::Sha256,
            9 => Self::Sha384,
            10 => Self::Sha512,
            11 => Self::Sha224,
            12 => Self::Sha3_256,
            14 => Self::Sha3_512,
            _ => return None,
        };
        let accepted = match algorithm {
            Self::Md5 => version < 4,
            Self::Sha1 => version < 6,
            _ => true,
        };
        accepted.then_some(algorithm)
    }

    /// A dense number below [`HashAlgorithm::COUNT`].
    pub fn index(self) -> usize {
        match self {
            Self::Md5 => 0,
            Self::Sha1 => 1,
            Self::Sha256 => 2,
            Self::Sha384 => 3,
            Self::Sha512 => 4,
            Self::Sha224 => 5,
            Self::Sha3_256 => 6,
            Self::Sha3_512 => 7,
        }
    }

    pub fn id(self) -> u8 {
        self as u8
    }

    /// The length of a version 6 signature's salt, in octets (RFC 9580 section 9.5).
    pub fn salt_len(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 => 0,
            Self::Sha224 | Self::Sha256 | Self::Sha3_256 => 16,
            Self::Sha384 => 24,
            Self::Sha512 | Self::Sha3_512 => 32,
        }
    }

    pub fn context(self) -> HashContext {
        HashContext(match self {
            Self::Md5 => Box::new(md5::Md5::default()),
            Self::Sha1 => Box::new(sha1::Sha1::default()),
            Self::Sha256 => Box::new(sha2::Sha256::default()),
            Self::Sha384 => Box::new(sha2::Sha384::default()),
            Self::Sha512 => Box::new(sha2::Sha512::default()),
            Self::Sha224 => Box::new(sha2::Sha224::default()),
            Self::Sha3_256 => Box::new(sha3::Sha3_256::default()),
            Self::Sha3_512 => Box::new(sha3::Sha3_512::default()),
        })
    }
}

/// The state of a hash; cloning it continues from the same prefix twice.
#[derive(Clone)]
pub struct HashContext(Box<dyn DynDigest>);

impl HashContext {
    pub fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    pub fn finish(self) -> Box<[u8]> {
        self.0.finalize()
    }
}

/// Hash states that have absorbed the primary key, one per algorithm, made when first needed.
#[derive(Default)]
pub(super) struct PrimaryKeyHashes([Option<HashContext>; HashAlgorithm::COUNT]);

impl PrimaryKeyHashes {
    /// A context that has absorbed `salt` and `primary` (as [`super::key::Key::hashed`] gives it).
    pub(super) fn context(&mut self, algorithm: HashAlgorithm, salt: &[u8], primary: &[u8]) -> HashContext {
        let fresh = || {
            let mut context = algorithm.context();
            context.update(salt);
            context.update(primary);
            context
        };
        match self.0.get_mut(algorithm.index()) {
            Some(kept) if salt.is_empty() => kept.get_or_insert_with(fresh).clone(),
            _ => fresh(),
        }
    }
}
