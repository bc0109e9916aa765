//! Signature packets: which are accepted, and what is known of them without verifying.

mod subpacket;

use bytes::Bytes;

use super::hash::{HashAlgorithm, HashContext};
use super::packet::{Packet, length_octets};
use super::reader::Reader;
use crate::domain::summary::{Issuer, SignatureSummary};
use crate::domain::{Fingerprint, KeyId};

use subpacket::Area;
pub use subpacket::Subpackets;

/// Signature types (RFC 9580 section 5.2.1) that are told apart here.
pub mod kind {
    pub const CERTIFICATION_FIRST: u8 = 0x10;
    pub const CERTIFICATION_LAST: u8 = 0x13;
    pub const SUBKEY_BINDING: u8 = 0x18;
    pub const PRIMARY_KEY_BINDING: u8 = 0x19;
    pub const DIRECT_KEY: u8 = 0x1f;
    pub const KEY_REVOCATION: u8 = 0x20;
    pub const SUBKEY_REVOCATION: u8 = 0x28;
    pub const CERTIFICATION_REVOCATION: u8 = 0x30;
}

/// Why a signature packet is dropped when it is read.
pub type Unparseable = &'static str;

/// A version 3, 4 or 6 signature.
#[derive(Clone, Debug)]
pub struct Signature {
    pub packet: Packet,
    /// 3 also for version 2.
    pub version: u8,
    pub kind: u8,
    pub algorithm: u8,
    pub hash: HashAlgorithm,
    pub created: u32,
    pub hash_tag: [u8; 2],
    /// Where parts stand in the body; positions instead of slices, since certificates can have
    /// tens of thousands of signatures.
    layout: Layout,
    pub subpackets: Subpackets,
}

/// Positions in the body of a signature packet, which [`super::Limits`] keeps far below 2^32.
#[derive(Clone, Copy, Debug, Default)]
struct Layout {
    /// What is hashed after the signed data, without the length that versions 4 and 6 append.
    trailer: (u32, u32),
    salt: (u32, u32),
    /// Where the algorithm-specific part starts.
    value: u32,
}

/// The algorithm-specific part.
#[derive(Clone, Debug)]
pub enum Value {
    Rsa {
        s: Bytes,
    },
    /// DSA, ECDSA and legacy EdDSA: two numbers as they were encoded.
    Pair {
        r: Bytes,
        s: Bytes,
    },
    EdDsa {
        signature: Bytes,
    },
    MlDsa {
        eddsa: Bytes,
        mldsa: Bytes,
    },
    SlhDsa {
        signature: Bytes,
    },
}

impl Signature {
    /// Reads the body of a signature packet of a certificate, which must name its issuer.
    pub fn parse(packet: Packet) -> Result<Self, Unparseable> {
        let (signature, embedded) = Self::parse_one(packet)?;
        signature.issuer().ok_or("it does not name its issuer")?;
        signature.with_embedded(embedded)
    }

    /// Signatures can be nested in each other; read one after the other, so that depth costs no stack.
    fn with_embedded(mut self, mut next: Option<Bytes>) -> Result<Self, Unparseable> {
        let mut first = true;
        while let Some(body) = next {
            if body.first().is_none_or(|version| *version < 4) {
                return Err("its embedded signature has a version below 4");
            }
            let (embedded, deeper) = Self::parse_one(Packet { tag: super::packet::tag::SIGNATURE, body })?;
            if embedded.kind != kind::PRIMARY_KEY_BINDING {
                return Err("its embedded signature is not a primary key binding");
            }
            if first {
                self.subpackets.embedded = Some(Box::new(embedded));
                first = false;
            }
            next = deeper;
        }
        Ok(self)
    }

    fn parse_one(packet: Packet) -> Result<(Self, Option<Bytes>), Unparseable> {
        let body = packet.body.clone();
        let mut reader = Reader::new(&body);
        match reader.u8().ok_or(TRUNCATED)? {
            2 | 3 => Self::parse_version3(packet, &body, &mut reader).map(|signature| (signature, None)),
            version @ (4 | 6) => Self::parse_modern(packet, &body, &mut reader, version),
            _ => Err("its version is not supported"),
        }
    }

    /// RFC 4880 section 5.2.2.
    fn parse_version3(packet: Packet, body: &Bytes, reader: &mut Reader<'_>) -> Result<Self, Unparseable> {
        if reader.u8().ok_or(TRUNCATED)? != 5 {
            return Err("its hashed length is not 5");
        }
        let trailer = reader.take(5).ok_or(TRUNCATED)?;
        let mut hashed = Reader::new(trailer);
        let kind = hashed.u8().ok_or(TRUNCATED)?;
        let created = hashed.u32().ok_or(TRUNCATED)?;
        let issuer = KeyId(reader.array().ok_or(TRUNCATED)?);
        let algorithm = reader.u8().ok_or(TRUNCATED)?;
        if !matches!(algorithm, 1 | 3 | 17) {
            return Err("its public key algorithm is not supported");
        }
        let hash = hash_algorithm(reader, 3)?;
        let hash_tag = reader.array().ok_or(TRUNCATED)?;
        let layout = Layout { trailer: (2, 7), salt: (0, 0), value: position(reader)? };
        Value::parse(body, reader, algorithm).ok_or(TRUNCATED)?;
        Ok(Self {
            version: 3,
            kind,
            algorithm,
            hash,
            created,
            hash_tag,
            layout,
            subpackets: Subpackets { issuer_key_id: Some(issuer), ..Subpackets::default() },
            packet,
        })
    }

    /// RFC 9580 section 5.2.3.
    fn parse_modern(
        packet: Packet,
        body: &Bytes,
        reader: &mut Reader<'_>,
        version: u8,
    ) -> Result<(Self, Option<Bytes>), Unparseable> {
        let kind = reader.u8().ok_or(TRUNCATED)?;
        let algorithm = reader.u8().ok_or(TRUNCATED)?;
        if !matches!(algorithm, 1 | 3 | 17 | 19 | 22 | 27 | 28 | 30..=34) {
            return Err("its public key algorithm is not supported");
        }
        let hash = hash_algorithm(reader, version)?;
        let hashed = area(reader, version)?;
        let trailer = (0, position(reader)?);
        let mut subpackets = Subpackets::default();
        let mut embedded = None;
        subpackets.read(Area { body, octets: hashed, version, hashed: true }, &mut embedded)?;
        let created = subpackets.created.ok_or("it has no creation time")?;
        let unhashed = area(reader, version)?;
        subpackets.read(Area { body, octets: unhashed, version, hashed: false }, &mut embedded)?;
        let hash_tag = reader.array().ok_or(TRUNCATED)?;
        let salt = if version == 6 { salt(reader, hash)? } else { (0, 0) };
        let layout = Layout { trailer, salt, value: position(reader)? };
        Value::parse(body, reader, algorithm).ok_or(TRUNCATED)?;
        let signature = Self { version, kind, algorithm, hash, created, hash_tag, layout, subpackets, packet };
        Ok((signature, embedded))
    }

    /// The digest of the signed data: `context` has absorbed the salt and the data.
    pub fn digest(&self, mut context: HashContext) -> Box<[u8]> {
        let trailer = self.part(self.layout.trailer);
        context.update(trailer);
        if self.version != 3 {
            context.update(&[self.version, 0xff]);
            context.update(&length_octets(trailer));
        }
        context.finish()
    }

    /// What is hashed before everything else; empty below version 6.
    pub fn salt(&self) -> &[u8] {
        self.part(self.layout.salt)
    }

    /// The algorithm-specific part.
    pub fn value(&self) -> Option<Value> {
        let start = usize::try_from(self.layout.value).ok()?;
        Value::parse(&self.packet.body, &mut Reader::new(self.packet.body.get(start..)?), self.algorithm)
    }

    fn part(&self, (start, end): (u32, u32)) -> &[u8] {
        self.packet.body.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Whom the signature names as its maker.
    pub fn issuer(&self) -> Option<Issuer> {
        match (self.subpackets.issuer_key_id, self.subpackets.issuer_fingerprint) {
            (Some(id), Some(fingerprint)) if fingerprint.key_id() == Some(id) => Some(Issuer::Fingerprint(fingerprint)),
            (Some(id), Some(fingerprint)) => Some(Issuer::Both(id, fingerprint)),
            (Some(id), None) => Some(Issuer::KeyId(id)),
            (None, Some(fingerprint)) => Some(Issuer::Fingerprint(fingerprint)),
            (None, None) => None,
        }
    }

    /// Whether it claims to be made by the key: one match of the two names is enough.
    pub fn claims_issuer(&self, fingerprint: &Fingerprint) -> bool {
        let by_id = self.subpackets.issuer_key_id.is_some_and(|id| Some(id) == fingerprint.key_id());
        by_id || self.subpackets.issuer_fingerprint.is_some_and(|named| named.as_bytes() == fingerprint.as_bytes())
    }

    pub fn is_revocation(&self) -> bool {
        matches!(self.kind, kind::KEY_REVOCATION | kind::SUBKEY_REVOCATION | kind::CERTIFICATION_REVOCATION)
    }

    /// Whether a key revocation leaves no trust in anything that the key ever signed: no reason
    /// given, "no reason" or "compromised" (RFC 9580 section 5.2.3.31).
    pub fn is_hard(&self) -> bool {
        matches!(self.subpackets.reason, None | Some(0 | 2))
    }

    /// The algorithms of which only the newest self-signature is kept.
    pub fn is_slh_dsa(&self) -> bool {
        matches!(self.algorithm, 32..=34)
    }

    /// When the signature, or the key that it binds, expires; the earlier of the two.
    pub fn expires(&self, key_created: u32) -> Option<u64> {
        let after = |start: u32, seconds: Option<u32>| {
            seconds.filter(|&seconds| seconds > 0).map(|seconds| u64::from(start) + u64::from(seconds))
        };
        let signature = after(self.created, self.subpackets.signature_lifetime);
        let key = after(key_created, self.subpackets.key_lifetime);
        signature.into_iter().chain(key).min()
    }

    pub fn summary(&self, key_created: u32) -> Option<SignatureSummary> {
        Some(SignatureSummary {
            version: self.version,
            kind: self.kind,
            issuer: self.issuer()?,
            created: self.created,
            expires: self.expires(key_created),
            primary: self.subpackets.primary_user_id,
            reason: self.subpackets.reason,
            policy_uri: self.subpackets.policy_uri.clone(),
        })
    }
}

const TRUNCATED: Unparseable = "it is truncated";

fn hash_algorithm(reader: &mut Reader<'_>, version: u8) -> Result<HashAlgorithm, Unparseable> {
    let id = reader.u8().ok_or(TRUNCATED)?;
    HashAlgorithm::of_signature(id, version).ok_or("its hash algorithm is not supported")
}

/// A subpacket area.
fn area<'a>(reader: &mut Reader<'a>, version: u8) -> Result<&'a [u8], Unparseable> {
    let area = if version == 6 { reader.take_u32() } else { reader.take_u16() };
    area.ok_or(TRUNCATED)
}

fn salt(reader: &mut Reader<'_>, hash: HashAlgorithm) -> Result<(u32, u32), Unparseable> {
    let length = usize::from(reader.u8().ok_or(TRUNCATED)?);
    if length != hash.salt_len() {
        return Err("its salt has the wrong length");
    }
    let start = position(reader)?;
    reader.take(length).ok_or(TRUNCATED)?;
    Ok((start, position(reader)?))
}

fn position(reader: &Reader<'_>) -> Result<u32, Unparseable> {
    u32::try_from(reader.position()).map_err(|_| "it is too long")
}

impl Value {
    fn parse(body: &Bytes, reader: &mut Reader<'_>, algorithm: u8) -> Option<Self> {
        let fixed = |reader: &mut Reader<'_>, count| reader.take(count).map(|octets| body.slice_ref(octets));
        let number = |reader: &mut Reader<'_>| reader.mpi().map(|mpi| body.slice_ref(mpi.octets));
        Some(match algorithm {
            1 | 3 => Self::Rsa { s: number(reader)? },
            17 | 19 | 22 => Self::Pair { r: number(reader)?, s: number(reader)? },
            27 => Self::EdDsa { signature: fixed(reader, 64)? },
            28 => Self::EdDsa { signature: fixed(reader, 114)? },
            30 => Self::MlDsa { eddsa: fixed(reader, 64)?, mldsa: fixed(reader, 3309)? },
            31 => Self::MlDsa { eddsa: fixed(reader, 114)?, mldsa: fixed(reader, 4627)? },
            32 => Self::SlhDsa { signature: fixed(reader, 7856)? },
            33 => Self::SlhDsa { signature: fixed(reader, 17_088)? },
            34 => Self::SlhDsa { signature: fixed(reader, 29_792)? },
            _ => return None,
        })
    }
}
