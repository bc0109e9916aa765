//! Public keys and subkeys: which packets are keys, their fingerprints, and what signatures hash of them.

use std::sync::OnceLock;

use bytes::Bytes;
use sha1::Digest as _;

use super::curve::Curve;
use super::packet::{Packet, length_octets};
use super::reader::{Mpi, Reader};
use super::verify::Verifier;
use crate::domain::summary::{AlgorithmSummary, KeySummary};
use crate::domain::{Fingerprint, KeyId};

/// A version 4 or 6 public key. Octets after the last field are kept in the packet, but belong
/// neither to the fingerprint nor to what signatures hash.
#[derive(Debug)]
pub struct Key {
    pub packet: Packet,
    pub fingerprint: Fingerprint,
    pub version: u8,
    pub created: u32,
    pub algorithm: u8,
    pub bits: u16,
    pub curve: Option<Curve>,
    /// The key with the prefix of its version, as signatures hash it.
    pub hashed: Bytes,
    pub material: Material,
    /// On the heap, since most keys of hostile certificates never verify anything.
    verifier: OnceLock<Option<Box<Verifier>>>,
}

/// The parameters of an algorithm that can sign; other algorithms need none.
#[derive(Clone, Debug)]
pub enum Material {
    Rsa {
        n: Bytes,
        e: Bytes,
    },
    Dsa {
        p: Bytes,
        q: Bytes,
        g: Bytes,
        y: Bytes,
    },
    Ecdsa {
        curve: Curve,
        point: Bytes,
    },
    /// Also the legacy encoding, without its prefix octet.
    Ed25519 {
        a: Bytes,
    },
    /// Also the legacy encoding, without its prefix octet.
    Ed448 {
        a: Bytes,
    },
    MlDsa {
        eddsa: Bytes,
        mldsa: Bytes,
    },
    SlhDsa {
        public: Bytes,
    },
    CannotSign,
}

/// Why a packet is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Version 2 or 3, with the fingerprint where the key is one at all.
    Version3(Option<Fingerprint>),
    Unreadable(&'static str),
}

impl Key {
    /// Reads the body of a public key or public subkey packet (RFC 9580 section 5.5.2).
    pub fn parse(packet: Packet) -> Result<Self, KeyError> {
        let body = packet.body.clone();
        let mut reader = Reader::new(&body);
        let version = reader.u8().ok_or(TRUNCATED)?;
        match version {
            2 | 3 => return Err(KeyError::Version3(version3_fingerprint(&mut reader))),
            4 | 6 => {}
            _ => return Err(KeyError::Unreadable("its version is neither 4 nor 6")),
        }
        let created = reader.u32().ok_or(TRUNCATED)?;
        let algorithm = reader.u8().ok_or(TRUNCATED)?;
        if version == 6 {
            // The declared length of the material is not checked: it is recomputed for the fingerprint.
            reader.u32().ok_or(TRUNCATED)?;
        }
        let start = reader.position();
        let shape = Shape::parse(&body, &mut reader, version, algorithm)?;
        let material = body.slice(start..reader.position());
        let hashed = hashed_form(version, created, algorithm, &material);
        Ok(Self {
            fingerprint: fingerprint(version, &hashed),
            packet,
            version,
            created,
            algorithm,
            bits: shape.bits,
            curve: shape.curve,
            hashed,
            material: shape.material,
            verifier: OnceLock::new(),
        })
    }

    /// The key ID; versions 4 and 6 always have one.
    pub fn key_id(&self) -> Option<KeyId> {
        self.fingerprint.key_id()
    }

    /// Whether the algorithm can make signatures (RSA encrypt-only, ElGamal and key agreement cannot).
    pub fn can_sign(&self) -> bool {
        matches!(self.algorithm, 1 | 3 | 17 | 19 | 22 | 27 | 28 | 30..=34)
    }

    /// The key as the cryptographic backend wants it, made once; `None` if the backend refuses it.
    pub fn verifier(&self) -> Option<&Verifier> {
        self.verifier.get_or_init(|| Verifier::new(self).map(Box::new)).as_deref()
    }

    pub fn summary(&self, expires: Option<u64>) -> KeySummary {
        KeySummary {
            fingerprint: self.fingerprint,
            created: self.created,
            expires,
            algorithm: AlgorithmSummary {
                code: self.algorithm,
                bits: self.bits,
                curve: self.curve.map(|curve| curve.name().to_owned()),
            },
        }
    }
}

const TRUNCATED: KeyError = KeyError::Unreadable("it is truncated");

/// The algorithm-specific part of a key.
struct Shape {
    bits: u16,
    curve: Option<Curve>,
    material: Material,
}

impl Shape {
    fn parse(body: &Bytes, reader: &mut Reader<'_>, version: u8, algorithm: u8) -> Result<Self, KeyError> {
        let keep = |octets: &[u8]| body.slice_ref(octets);
        let fixed = |reader: &mut Reader<'_>, count| reader.take(count).map(keep).ok_or(TRUNCATED);
        let raw = |bits, curve, material| Ok(Self { bits, curve, material });
        match algorithm {
            1..=3 => rsa(body, reader),
            16 => {
                let p = mpi(reader)?;
                mpi(reader)?;
                mpi(reader)?;
                raw(p.bits, None, Material::CannotSign)
            }
            17 => {
                let (p, q, g, y) = (mpi(reader)?, mpi(reader)?, mpi(reader)?, mpi(reader)?);
                let [p_octets, q, g, y] = [p, q, g, y].map(|mpi| keep(mpi.octets));
                raw(p.bits, None, Material::Dsa { p: p_octets, q, g, y })
            }
            18 => ecdh(reader, version),
            19 => ecdsa(body, reader),
            22 if version == 6 => Err(KeyError::Unreadable("version 6 keys have no legacy EdDSA")),
            22 => eddsa_legacy(body, reader),
            25 => fixed(reader, 32).and_then(|_| raw(256, Some(Curve::Cv25519), Material::CannotSign)),
            26 => fixed(reader, 56).and_then(|_| raw(448, Some(Curve::X448), Material::CannotSign)),
            27 => fixed(reader, 32).and_then(|a| raw(256, Some(Curve::Ed25519), Material::Ed25519 { a })),
            28 => fixed(reader, 57).and_then(|a| raw(456, Some(Curve::Ed448), Material::Ed448 { a })),
            30..=34 | 36 if version != 6 => Err(KeyError::Unreadable("its algorithm needs a version 6 key")),
            30 => composite(body, reader, 32, 1952),
            31 => composite(body, reader, 57, 2592),
            32 | 33 => fixed(reader, 32).and_then(|public| raw(256, None, Material::SlhDsa { public })),
            34 => fixed(reader, 64).and_then(|public| raw(512, None, Material::SlhDsa { public })),
            35 => kem(reader, 32, 1184),
            36 => kem(reader, 56, 1568),
            _ => Err(KeyError::Unreadable("its algorithm is not supported")),
        }
    }
}

fn mpi<'a>(reader: &mut Reader<'a>) -> Result<Mpi<'a>, KeyError> {
    reader.mpi().ok_or(TRUNCATED)
}

fn rsa(body: &Bytes, reader: &mut Reader<'_>) -> Result<Shape, KeyError> {
    let (n, e) = (mpi(reader)?, mpi(reader)?);
    if e.octets.len() > 3 {
        return Err(KeyError::Unreadable("its public exponent is longer than 3 octets"));
    }
    let material = Material::Rsa { n: body.slice_ref(n.octets), e: body.slice_ref(e.octets) };
    Ok(Shape { bits: n.bits, curve: None, material })
}

/// A length octet, which may be neither 0 nor 255, and as many octets.
fn short_field<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], KeyError> {
    match reader.u8() {
        Some(0 | 255) => Err(KeyError::Unreadable("a length octet in it is reserved")),
        Some(length) => reader.take(usize::from(length)).ok_or(TRUNCATED),
        None => Err(TRUNCATED),
    }
}

fn curve(reader: &mut Reader<'_>) -> Result<Curve, KeyError> {
    Curve::from_oid(short_field(reader)?).ok_or(KeyError::Unreadable("its curve is not supported"))
}

fn ecdh(reader: &mut Reader<'_>, version: u8) -> Result<Shape, KeyError> {
    let curve = curve(reader)?;
    if version == 6 && curve == Curve::Cv25519 {
        return Err(KeyError::Unreadable("version 6 keys have no legacy Curve25519"));
    }
    let point = mpi(reader)?;
    let kdf = short_field(reader)?;
    if !curve.is_for_ecdh() {
        return Err(KeyError::Unreadable("its curve has no key agreement"));
    }
    if !matches!(kdf, [1, 8..=12 | 14, 2 | 3 | 7..=9, ..]) {
        return Err(KeyError::Unreadable("its key derivation parameters are not supported"));
    }
    let expected = match curve {
        Curve::Cv25519 => Some(33),
        Curve::X448 => Some(57),
        _ => None,
    };
    if expected.is_some_and(|length| length != point.octets.len()) {
        return Err(KeyError::Unreadable("its point has the wrong length"));
    }
    Ok(Shape { bits: point.bits, curve: Some(curve), material: Material::CannotSign })
}

fn ecdsa(body: &Bytes, reader: &mut Reader<'_>) -> Result<Shape, KeyError> {
    let curve = curve(reader)?;
    let point = mpi(reader)?;
    if !curve.is_weierstrass() {
        return Err(KeyError::Unreadable("its curve has no ECDSA"));
    }
    if !curve.contains(point.octets) {
        return Err(KeyError::Unreadable("its point is not on the curve"));
    }
    let material = Material::Ecdsa { curve, point: body.slice_ref(point.octets) };
    Ok(Shape { bits: point.bits, curve: Some(curve), material })
}

fn eddsa_legacy(body: &Bytes, reader: &mut Reader<'_>) -> Result<Shape, KeyError> {
    let curve = curve(reader)?;
    if !matches!(curve, Curve::Ed25519 | Curve::Ed448) {
        return Err(KeyError::Unreadable("its curve has no EdDSA"));
    }
    let point = mpi(reader)?;
    let material = match (curve, point.octets.split_first()) {
        (Curve::Ed25519, Some((0x40, a))) if a.len() == 32 => Material::Ed25519 { a: body.slice_ref(a) },
        (Curve::Ed448, Some((0x40, a))) if a.len() == 57 => Material::Ed448 { a: body.slice_ref(a) },
        _ => return Err(KeyError::Unreadable("its point has the wrong form")),
    };
    Ok(Shape { bits: point.bits, curve: Some(curve), material })
}

fn composite(body: &Bytes, reader: &mut Reader<'_>, eddsa: usize, mldsa: usize) -> Result<Shape, KeyError> {
    let eddsa = reader.take(eddsa).ok_or(TRUNCATED)?;
    let mldsa = reader.take(mldsa).ok_or(TRUNCATED)?;
    let material = Material::MlDsa { eddsa: body.slice_ref(eddsa), mldsa: body.slice_ref(mldsa) };
    Ok(Shape { bits: bits_of(mldsa), curve: None, material })
}

fn kem(reader: &mut Reader<'_>, ecdh: usize, mlkem: usize) -> Result<Shape, KeyError> {
    reader.take(ecdh).ok_or(TRUNCATED)?;
    let mlkem = reader.take(mlkem).ok_or(TRUNCATED)?;
    if !is_mlkem_key(mlkem) {
        return Err(KeyError::Unreadable("its ML-KEM component is not a key"));
    }
    Ok(Shape { bits: bits_of(mlkem), curve: None, material: Material::CannotSign })
}

fn bits_of(octets: &[u8]) -> u16 {
    u16::try_from(octets.len() * 8).unwrap_or(u16::MAX)
}

/// The modulus check of FIPS 203 section 7.2: every 12-bit coefficient is below 3329. The last 32 octets are a seed.
fn is_mlkem_key(octets: &[u8]) -> bool {
    let Some((coefficients, _seed)) = octets.split_last_chunk::<32>() else { return false };
    coefficients.as_chunks::<3>().0.iter().all(|&[a, b, c]| {
        let low = u16::from(a) | (u16::from(b & 0x0f) << 8);
        let high = u16::from(b >> 4) | (u16::from(c) << 4);
        low < 3329 && high < 3329
    })
}

/// Prefix, length, and the fields again: the length of version 6 material is recomputed, and that
/// of version 4 is taken modulo 2^16.
fn hashed_form(version: u8, created: u32, algorithm: u8, material: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(material.len() + 15);
    let material_len = u32::from_be_bytes(length_octets(material));
    if version == 6 {
        out.push(0x9b);
        out.extend(material_len.saturating_add(10).to_be_bytes());
    } else {
        let [_, _, length @ ..] = material_len.saturating_add(6).to_be_bytes();
        out.push(0x99);
        out.extend(length);
    }
    out.push(version);
    out.extend(created.to_be_bytes());
    out.push(algorithm);
    if version == 6 {
        out.extend(material_len.to_be_bytes());
    }
    out.extend(material);
    out.into()
}

fn fingerprint(version: u8, hashed: &[u8]) -> Fingerprint {
    if version == 6 {
        Fingerprint::V6(sha2::Sha256::digest(hashed).into())
    } else {
        Fingerprint::V4(sha1::Sha1::digest(hashed).into())
    }
}

/// MD5 over modulus and exponent, without their lengths (RFC 4880 section 12.2).
fn version3_fingerprint(reader: &mut Reader<'_>) -> Option<Fingerprint> {
    reader.take(6)?;
    if !matches!(reader.u8()?, 1..=3) {
        return None;
    }
    let (n, e) = (reader.mpi()?, reader.mpi()?);
    let digest = md5::Md5::new().chain_update(n.octets).chain_update(e.octets).finalize();
    Some(Fingerprint::V3(digest.into()))
}
