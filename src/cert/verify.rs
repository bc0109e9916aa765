//! Checking one signature value against one key: the only place that calls into sequoia.
//!
//! No policy, no times, no minimum sizes: a signature is right or it is not. What the backend
//! refuses although it is well defined (odd sizes of RSA and DSA) is computed in [`arithmetic`];
//! secp256k1 is not known to sequoia and done by its own crate.

mod arithmetic;

use std::time::SystemTime;

use bytes::Bytes;
use sequoia_openpgp::crypto::mpi::{MPI, PublicKey, Signature};
use sequoia_openpgp::packet::Key as SequoiaKey;
use sequoia_openpgp::packet::key::{Key4, PublicParts, UnspecifiedRole};
use sequoia_openpgp::types;

use super::curve::Curve;
use super::hash::HashAlgorithm;
use super::key::{Key, Material};
use super::signature::Value;

/// A key that is ready to verify with.
#[derive(Debug)]
pub enum Verifier {
    Backend(SequoiaKey<PublicParts, UnspecifiedRole>),
    Rsa(arithmetic::Rsa),
    Dsa(arithmetic::Dsa),
    Secp256k1(k256::ecdsa::VerifyingKey),
}

impl Verifier {
    /// `None` for keys that cannot sign, and for parameters with which nothing verifies.
    pub fn new(key: &Key) -> Option<Self> {
        match &key.material {
            Material::Rsa { n, e } => rsa(n, e),
            Material::Dsa { p, q, g, y } => dsa([p, q, g, y]),
            Material::Ecdsa { curve: Curve::Secp256k1, point } => {
                k256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(Self::Secp256k1)
            }
            Material::Ecdsa { curve, point } => {
                let curve = sequoia_curve(*curve)?;
                backend(PublicKey::ECDSA { curve, q: MPI::new(point) })
            }
            Material::Ed25519 { a } => ed25519_point(a).and_then(|a| backend(PublicKey::Ed25519 { a })),
            Material::Ed448 { a } => backend(PublicKey::Ed448 { a: boxed(a)? }),
            Material::MlDsa { eddsa, mldsa } => backend(match key.algorithm {
                30 => {
                    ed25519_point(eddsa)?;
                    PublicKey::MLDSA65_Ed25519 { eddsa: boxed(eddsa)?, mldsa: boxed(mldsa)? }
                }
                _ => PublicKey::MLDSA87_Ed448 { eddsa: boxed(eddsa)?, mldsa: boxed(mldsa)? },
            }),
            Material::SlhDsa { public } => backend(match key.algorithm {
                32 => PublicKey::SLHDSA128s { public: public.as_ref().try_into().ok()? },
                33 => PublicKey::SLHDSA128f { public: public.as_ref().try_into().ok()? },
                _ => PublicKey::SLHDSA256s { public: boxed(public)? },
            }),
            Material::CannotSign => None,
        }
    }

    /// Whether `value` is this key's signature of a message with this hash.
    pub fn verify(&self, value: &Value, hash: HashAlgorithm, digest: &[u8]) -> bool {
        match (self, value) {
            (Self::Rsa(key), Value::Rsa { s }) => key.verify(s, hash, digest),
            (Self::Dsa(key), Value::Pair { r, s }) => key.verify(r, s, digest),
            (Self::Secp256k1(key), Value::Pair { r, s }) => secp256k1(key, r, s, digest),
            (Self::Backend(key), value) => backend_verify(key, value, hash, digest),
            _ => false,
        }
    }
}

fn rsa(n: &[u8], e: &[u8]) -> Option<Verifier> {
    if !is_odd(n) || !is_odd(e) || significant(e) == [1] {
        return None;
    }
    if significant(n).len() * 8 <= arithmetic::BACKEND_RSA_BITS_LIMIT {
        return backend(PublicKey::RSA { e: MPI::new(e), n: MPI::new(n) });
    }
    Some(Verifier::Rsa(arithmetic::Rsa::new(n, e)))
}

fn dsa(numbers: [&Bytes; 4]) -> Option<Verifier> {
    let [p, q, g, y] = numbers;
    let q_bits = bits(q);
    if !q_bits.is_multiple_of(8) || significant(p).is_empty() {
        return None;
    }
    if matches!(q_bits, 160 | 224 | 256) && matches!(bits(p), 512..=10_000) {
        return backend(PublicKey::DSA { p: MPI::new(p), q: MPI::new(q), g: MPI::new(g), y: MPI::new(y) });
    }
    arithmetic::Dsa::new(p, q, g, y).map(Verifier::Dsa)
}

/// Wraps the parameters in a key; its version and date do not matter for verifying.
fn backend(mpis: PublicKey) -> Option<Verifier> {
    let algorithm = mpis.algo().unwrap_or(types::PublicKeyAlgorithm::Unknown(0));
    let key = Key4::<PublicParts, UnspecifiedRole>::new(SystemTime::UNIX_EPOCH, algorithm, mpis).ok()?;
    Some(Verifier::Backend(SequoiaKey::V4(key)))
}

fn backend_verify(
    key: &SequoiaKey<PublicParts, UnspecifiedRole>,
    value: &Value,
    hash: HashAlgorithm,
    digest: &[u8],
) -> bool {
    let Some((signature, digest)) = backend_signature(key.mpis(), value, digest) else { return false };
    key.verify(&signature, types::HashAlgorithm::from(hash.id()), digest).is_ok()
}

/// The signature value in sequoia's form, and the part of the digest that is signed.
fn backend_signature<'a>(key: &PublicKey, value: &Value, digest: &'a [u8]) -> Option<(Signature, &'a [u8])> {
    let signature = match (key, value) {
        (PublicKey::RSA { n, .. }, Value::Rsa { s }) if s.len() <= n.value().len() => Signature::RSA { s: MPI::new(s) },
        (PublicKey::DSA { q, .. }, Value::Pair { r, s }) => {
            let signed = digest.get(..q.value().len()).unwrap_or(digest);
            return Some((Signature::DSA { r: MPI::new(r), s: MPI::new(s) }, signed));
        }
        (PublicKey::ECDSA { .. }, Value::Pair { r, s }) => Signature::ECDSA { r: MPI::new(r), s: MPI::new(s) },
        (PublicKey::Ed25519 { .. }, Value::Pair { r, s }) => Signature::Ed25519 { s: Box::new(joined(r, s)?) },
        (PublicKey::Ed25519 { .. }, Value::EdDsa { signature }) => Signature::Ed25519 { s: boxed(signature)? },
        // The legacy form carries a prefix octet and an unused second number.
        (PublicKey::Ed448 { .. }, Value::Pair { r, .. }) => Signature::Ed448 { s: boxed(r.get(1..)?)? },
        (PublicKey::Ed448 { .. }, Value::EdDsa { signature }) => Signature::Ed448 { s: boxed(signature)? },
        (PublicKey::MLDSA65_Ed25519 { .. }, Value::MlDsa { eddsa, mldsa }) => {
            Signature::MLDSA65_Ed25519 { eddsa: boxed(eddsa)?, mldsa: boxed(mldsa)? }
        }
        (PublicKey::MLDSA87_Ed448 { .. }, Value::MlDsa { eddsa, mldsa }) => {
            Signature::MLDSA87_Ed448 { eddsa: boxed(eddsa)?, mldsa: boxed(mldsa)? }
        }
        (PublicKey::SLHDSA128s { .. }, Value::SlhDsa { signature }) => Signature::SLHDSA128s { sig: boxed(signature)? },
        (PublicKey::SLHDSA128f { .. }, Value::SlhDsa { signature }) => Signature::SLHDSA128f { sig: boxed(signature)? },
        (PublicKey::SLHDSA256s { .. }, Value::SlhDsa { signature }) => Signature::SLHDSA256s { sig: boxed(signature)? },
        _ => return None,
    };
    Some((signature, digest))
}

/// R and S of the legacy encoding, each padded to 32 octets.
fn joined(r: &[u8], s: &[u8]) -> Option<[u8; 64]> {
    let mut out = [0; 64];
    let (left, right) = out.split_at_mut(32);
    for (half, number) in [(left, r), (right, s)] {
        let start = half.len().checked_sub(number.len())?;
        half.get_mut(start..)?.copy_from_slice(number);
    }
    Some(out)
}

fn secp256k1(key: &k256::ecdsa::VerifyingKey, r: &[u8], s: &[u8], digest: &[u8]) -> bool {
    use k256::ecdsa::signature::hazmat::PrehashVerifier;
    let Some(scalars) = joined(significant(r), significant(s)) else { return false };
    let Ok(signature) = k256::ecdsa::Signature::from_slice(&scalars) else { return false };
    // The crate refuses the larger of the two equivalent values of S, which OpenPGP allows.
    let signature = signature.normalize_s().unwrap_or(signature);
    key.verify_prehash(digest, &signature).is_ok()
}

/// An Ed25519 public key whose y coordinate is canonical, that is, below 2^255 - 19 (RFC 8032 section 5.1.3).
fn ed25519_point(octets: &[u8]) -> Option<[u8; 32]> {
    let point: [u8; 32] = octets.try_into().ok()?;
    let (last, rest) = point.split_last()?;
    let (first, middle) = rest.split_first()?;
    let at_least_p = last & 0x7f == 0x7f && middle.iter().all(|&octet| octet == 0xff) && *first >= 0xed;
    (!at_least_p).then_some(point)
}

fn sequoia_curve(curve: Curve) -> Option<types::Curve> {
    Some(match curve {
        Curve::P256 => types::Curve::NistP256,
        Curve::P384 => types::Curve::NistP384,
        Curve::P521 => types::Curve::NistP521,
        Curve::BrainpoolP256 => types::Curve::BrainpoolP256,
        Curve::BrainpoolP384 => types::Curve::BrainpoolP384,
        Curve::BrainpoolP512 => types::Curve::BrainpoolP512,
        Curve::Secp256k1 | Curve::Cv25519 | Curve::X448 | Curve::Ed25519 | Curve::Ed448 => return None,
    })
}

fn boxed<const N: usize>(octets: &[u8]) -> Option<Box<[u8; N]>> {
    octets.to_vec().into_boxed_slice().try_into().ok()
}

/// The octets of a number without leading zeros.
fn significant(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|&&octet| octet == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

fn bits(octets: &[u8]) -> usize {
    let octets = significant(octets);
    octets.first().map_or(0, |first| octets.len() * 8 - first.leading_zeros() as usize)
}

fn is_odd(octets: &[u8]) -> bool {
    octets.last().is_some_and(|last| last & 1 == 1)
}
