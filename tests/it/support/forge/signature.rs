//! Signatures of any content over any component, valid unless asked otherwise.

use sha1::Digest;

use super::Signer;
use super::key::CREATED;

/// Signature types.
pub const CERTIFICATION: u8 = 0x13;
pub const BINDING: u8 = 0x18;
pub const BACK: u8 = 0x19;
pub const DIRECT: u8 = 0x1f;
pub const KEY_REVOCATION: u8 = 0x20;
pub const SUBKEY_REVOCATION: u8 = 0x28;
pub const CERTIFICATION_REVOCATION: u8 = 0x30;

pub const SHA1: u8 = 2;
pub const SHA256: u8 = 8;

/// A signature before it is made. Both areas are octets, so that they may be malformed.
#[derive(Clone, Debug)]
pub struct Sig {
    /// 3, 4 or 6.
    pub version: u8,
    pub kind: u8,
    pub hash: u8,
    pub created: u32,
    pub hashed: Vec<u8>,
    pub unhashed: Vec<u8>,
    pub salt: Vec<u8>,
    /// XORed to the first 16 bits of the hash.
    pub spoil_prefix: u8,
    /// XORed to the last octet of the algorithm-specific part.
    pub spoil_value: u8,
    /// Octets after the last field.
    pub trailing: Vec<u8>,
}

impl Sig {
    /// Version 4 for version 4 keys, 6 for version 6 keys, with creation time and issuer fingerprint.
    pub fn new(kind: u8, by: &Signer) -> Self {
        let bare = Self::bare(kind, by);
        let issuer = [&[by.version()][..], &by.fingerprint()].concat();
        bare.with(2, &CREATED.to_be_bytes()).with(33, &issuer)
    }

    /// Without any subpackets.
    pub fn bare(kind: u8, by: &Signer) -> Self {
        Self {
            version: by.version(),
            kind,
            hash: SHA256,
            created: CREATED,
            hashed: Vec::new(),
            unhashed: Vec::new(),
            salt: if by.version() == 6 { vec![5; 16] } else { Vec::new() },
            spoil_prefix: 0,
            spoil_value: 0,
            trailing: Vec::new(),
        }
    }

    /// Version 3, which has no subpackets.
    pub fn version3(kind: u8, by: &Signer) -> Self {
        Self { version: 3, salt: Vec::new(), ..Self::bare(kind, by) }
    }

    /// With one more hashed subpacket.
    pub fn with(mut self, kind: u8, value: &[u8]) -> Self {
        self.hashed.extend(subpacket(kind, value));
        self
    }

    /// With one more unhashed subpacket.
    pub fn with_unhashed(mut self, kind: u8, value: &[u8]) -> Self {
        self.unhashed.extend(subpacket(kind, value));
        self
    }

    /// With another creation time, in the first subpacket, where [`Sig::new`] puts it.
    pub fn at(mut self, created: u32) -> Self {
        self.created = created;
        self.hashed[2..6].copy_from_slice(&created.to_be_bytes());
        self
    }

    /// The body of the signature over `primary` alone.
    pub fn over_key(&self, primary: &Signer, by: &Signer) -> Vec<u8> {
        self.over(&primary.hashed(), by)
    }

    /// The body of the signature over a user ID.
    pub fn over_user_id(&self, primary: &Signer, user_id: &[u8], by: &Signer) -> Vec<u8> {
        let mut data = primary.hashed();
        if self.version > 3 {
            data.push(0xb4);
            data.extend((user_id.len() as u32).to_be_bytes());
        }
        data.extend(user_id);
        self.over(&data, by)
    }

    /// The body of the signature over a subkey.
    pub fn over_subkey(&self, primary: &Signer, subkey: &Signer, by: &Signer) -> Vec<u8> {
        self.over(&[primary.hashed(), subkey.hashed()].concat(), by)
    }

    /// The body of the signature over `data`.
    pub fn over(&self, data: &[u8], by: &Signer) -> Vec<u8> {
        if self.version == 3 { self.version3_over(data, by) } else { self.modern_over(data, by) }
    }

    fn version3_over(&self, data: &[u8], by: &Signer) -> Vec<u8> {
        let trailer = [&[self.kind][..], &self.created.to_be_bytes()].concat();
        let digest = digest(self.hash, &[data, &trailer]);
        let head = [&[3, 5][..], &trailer, &by.key_id(), &[by.algorithm(), self.hash]].concat();
        self.finish(&head, &[], &digest, by)
    }

    fn modern_over(&self, data: &[u8], by: &Signer) -> Vec<u8> {
        let area = |octets: &[u8]| match self.version {
            6 => [&(octets.len() as u32).to_be_bytes()[..], octets].concat(),
            _ => [&(octets.len() as u16).to_be_bytes()[..], octets].concat(),
        };
        let head = [&[self.version, self.kind, by.algorithm(), self.hash][..], &area(&self.hashed)].concat();
        let tail = [&[self.version, 0xff][..], &(head.len() as u32).to_be_bytes()].concat();
        let digest = digest(self.hash, &[&self.salt, data, &head, &tail]);
        let salt = if self.version == 6 { [&[self.salt.len() as u8][..], &self.salt].concat() } else { Vec::new() };
        self.finish(&[head, area(&self.unhashed)].concat(), &salt, &digest, by)
    }

    fn finish(&self, head: &[u8], salt: &[u8], digest: &[u8], by: &Signer) -> Vec<u8> {
        let mut value = by.sign(self.hash, digest);
        *value.last_mut().unwrap() ^= self.spoil_value;
        let prefix = [digest[0] ^ self.spoil_prefix, digest[1]];
        [head, &prefix, salt, &value, &self.trailing].concat()
    }
}

/// A subpacket with the shortest length.
pub fn subpacket(kind: u8, value: &[u8]) -> Vec<u8> {
    [&super::length(value.len() + 1)[..], &[kind], value].concat()
}

/// A hash of `pieces` by its OpenPGP number.
pub fn digest(hash: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let data = pieces.concat();
    match hash {
        1 => md5::Md5::digest(data).to_vec(),
        2 => sha1::Sha1::digest(data).to_vec(),
        9 => sha2::Sha384::digest(data).to_vec(),
        10 => sha2::Sha512::digest(data).to_vec(),
        11 => sha2::Sha224::digest(data).to_vec(),
        12 => sha3::Sha3_256::digest(data).to_vec(),
        14 => sha3::Sha3_512::digest(data).to_vec(),
        _ => sha2::Sha256::digest(data).to_vec(),
    }
}
