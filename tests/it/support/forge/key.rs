//! Keys to forge with: those that sequoia makes, and odd ones that no library makes.

use k256::ecdsa::signature::hazmat::PrehashSigner;
use num_bigint::BigUint;
use sequoia_openpgp::crypto::{KeyPair, Signer as _};
use sequoia_openpgp::packet::key::{Key4, Key6, SecretParts, UnspecifiedRole};
use sequoia_openpgp::serialize::MarshalInto;
use sequoia_openpgp::types::{Curve, HashAlgorithm};
use sha1::Digest;

use super::mpi;

/// When all forged keys were made.
pub const CREATED: u32 = 1_600_000_000;

/// Of the keys with Mersenne primes.
const RSA_EXPONENT: u32 = 65537;

type Secret4 = Key4<SecretParts, UnspecifiedRole>;
type Secret6 = Key6<SecretParts, UnspecifiedRole>;

/// A key pair: the body of its public packet, and a way to sign with it.
#[derive(Clone)]
pub struct Signer {
    pub body: Vec<u8>,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    Sequoia(Box<KeyPair>),
    /// Version 4, algorithm 22 on Ed448.
    LegacyEd448(Box<KeyPair>),
    Secp256k1(k256::ecdsa::SigningKey),
    Rsa {
        primes: Vec<BigUint>,
    },
    Dsa {
        p: BigUint,
        q: BigUint,
        g: BigUint,
        x: BigUint,
    },
    /// For encryption.
    None,
}

impl Signer {
    pub fn v4(key: Secret4) -> Self {
        let mut key = key;
        key.set_creation_time(created()).unwrap();
        let body = MarshalInto::to_vec(&key.clone().parts_into_public()).unwrap();
        Self { body, secret: Secret::Sequoia(Box::new(key.into_keypair().unwrap())) }
    }

    pub fn v6(key: Secret6) -> Self {
        let mut key = key;
        key.set_creation_time(created()).unwrap();
        let body = MarshalInto::to_vec(&key.clone().parts_into_public()).unwrap();
        Self { body, secret: Secret::Sequoia(Box::new(key.into_keypair().unwrap())) }
    }

    /// Algorithm 22, as GnuPG makes it.
    pub fn ed25519_legacy() -> Self {
        Self::v4(Secret4::generate_ecc(true, Curve::Ed25519).unwrap())
    }

    /// Algorithm 27 in a version 4 key.
    pub fn ed25519() -> Self {
        Self::v4(Secret4::generate_ed25519().unwrap())
    }

    pub fn ed25519_v6() -> Self {
        Self::v6(Secret6::generate_ed25519().unwrap())
    }

    pub fn ecdsa(curve: Curve) -> Self {
        Self::v4(Secret4::generate_ecc(true, curve).unwrap())
    }

    pub fn rsa(bits: usize) -> Self {
        Self::v4(Secret4::generate_rsa(bits).unwrap())
    }

    /// RSA of an odd size: the primes are 2^e - 1 for these exponents e.
    pub fn rsa_mersenne(exponents: &[u32]) -> Self {
        let one = BigUint::from(1_u8);
        let primes: Vec<BigUint> = exponents.iter().map(|exponent| (&one << *exponent) - &one).collect();
        let n: BigUint = primes.iter().product();
        let body = v4_body(1, &[mpi(&n.to_bytes_be()), mpi(&RSA_EXPONENT.to_be_bytes())].concat());
        Self { body, secret: Secret::Rsa { primes } }
    }

    /// DSA from hexadecimal numbers.
    pub fn dsa(p: &str, q: &str, g: &str, x: &str) -> Self {
        let [p, q, g, x] = [p, q, g, x].map(|digits| BigUint::parse_bytes(digits.as_bytes(), 16).unwrap());
        let y = g.modpow(&x, &p);
        let body = v4_body(17, &[&p, &q, &g, &y].map(|number| mpi(&number.to_bytes_be())).concat());
        Self { body, secret: Secret::Dsa { p, q, g, x } }
    }

    /// Algorithm 22 on Ed448: the point and the first number carry the prefix 0x40.
    pub fn ed448_legacy() -> Self {
        let key = Secret4::generate_ed448().unwrap();
        let native = MarshalInto::to_vec(&key.clone().parts_into_public()).unwrap();
        let mut fields = vec![3, 0x2b, 0x65, 0x71];
        fields.extend(mpi(&[&[0x40], &native[6..]].concat()));
        let secret = Secret::LegacyEd448(Box::new(key.into_keypair().unwrap()));
        Self { body: v4_body(22, &fields), secret }
    }

    pub fn secp256k1() -> Self {
        let key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let point = key.verifying_key().to_encoded_point(false);
        let mut fields = vec![5, 0x2b, 0x81, 0x04, 0x00, 0x0a];
        fields.extend(mpi(point.as_bytes()));
        Self { body: v4_body(19, &fields), secret: Secret::Secp256k1(key) }
    }

    /// A version 4 X25519 key (algorithm 25), which cannot sign.
    pub fn x25519() -> Self {
        Self { body: v4_body(25, &[9; 32]), secret: Secret::None }
    }

    /// A key that cannot sign, from the body of its packet.
    pub fn public(body: Vec<u8>) -> Self {
        Self { body, secret: Secret::None }
    }

    /// The same key material as another key, which was made at another time.
    pub fn made_at(&self, created: u32) -> Self {
        let mut other = self.clone();
        other.body[1..5].copy_from_slice(&created.to_be_bytes());
        other
    }

    pub fn version(&self) -> u8 {
        self.body[0]
    }

    pub fn algorithm(&self) -> u8 {
        self.body[5]
    }

    /// The key as signatures hash it.
    pub fn hashed(&self) -> Vec<u8> {
        hashed_key(&self.body)
    }

    pub fn fingerprint(&self) -> Vec<u8> {
        match self.version() {
            6 => sha2::Sha256::digest(self.hashed()).to_vec(),
            _ => sha1::Sha1::digest(self.hashed()).to_vec(),
        }
    }

    pub fn key_id(&self) -> Vec<u8> {
        let fingerprint = self.fingerprint();
        if self.version() == 6 { fingerprint[..8].to_vec() } else { fingerprint[12..].to_vec() }
    }

    /// The algorithm-specific part of a signature of `digest`.
    pub fn sign(&self, hash: u8, digest: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Sequoia(pair) => {
                let value = pair.as_ref().clone().sign(HashAlgorithm::from(hash), digest).unwrap();
                MarshalInto::to_vec(&value).unwrap()
            }
            Secret::LegacyEd448(pair) => {
                let value = pair.as_ref().clone().sign(HashAlgorithm::from(hash), digest).unwrap();
                let octets = MarshalInto::to_vec(&value).unwrap();
                [mpi(&[&[0x40], &octets[..]].concat()), mpi(&[])].concat()
            }
            Secret::Secp256k1(key) => {
                let value: k256::ecdsa::Signature = key.sign_prehash(digest).unwrap();
                let (r, s) = value.split_bytes();
                [mpi(&r), mpi(&s)].concat()
            }
            Secret::Rsa { primes } => rsa_signature(primes, hash, digest),
            Secret::Dsa { p, q, g, x } => {
                let k = BigUint::from(65537_u32);
                let r = g.modpow(&k, p) % q;
                let size = q.bits().div_ceil(8) as usize;
                let z = BigUint::from_bytes_be(&digest[..size.min(digest.len())]);
                let s = k.modinv(q).unwrap() * (z + x * &r) % q;
                [mpi(&r.to_bytes_be()), mpi(&s.to_bytes_be())].concat()
            }
            Secret::None => panic!("this key cannot sign"),
        }
    }
}

/// RSASSA-PKCS1-v1_5, one prime after the other.
fn rsa_signature(primes: &[BigUint], hash: u8, digest: &[u8]) -> Vec<u8> {
    let n: BigUint = primes.iter().product();
    let prefix = HashAlgorithm::from(hash).oid().unwrap();
    let size = n.bits().div_ceil(8) as usize;
    let mut message = vec![0, 1];
    message.resize(size - prefix.len() - digest.len() - 1, 0xff);
    message.push(0);
    message.extend(prefix);
    message.extend(digest);
    let message = BigUint::from_bytes_be(&message);
    let (mut signature, mut modulus) = (BigUint::ZERO, BigUint::from(1_u8));
    for prime in primes {
        let d = BigUint::from(RSA_EXPONENT).modinv(&(prime - 1_u8)).unwrap();
        let root = message.modpow(&d, prime);
        let difference = (root + prime - &signature % prime) % prime;
        signature += &modulus * (difference * modulus.modinv(prime).unwrap() % prime);
        modulus *= prime;
    }
    mpi(&signature.to_bytes_be())
}

fn created() -> std::time::SystemTime {
    std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::from(CREATED))
}

/// The body of a version 4 key.
pub fn v4_body(algorithm: u8, fields: &[u8]) -> Vec<u8> {
    [&[4][..], &CREATED.to_be_bytes(), &[algorithm], fields].concat()
}

/// The body of a version 6 key.
pub fn v6_body(algorithm: u8, fields: &[u8]) -> Vec<u8> {
    [&[6][..], &CREATED.to_be_bytes(), &[algorithm], &(fields.len() as u32).to_be_bytes(), fields].concat()
}

/// A key packet's body with the prefix under which signatures hash it.
pub fn hashed_key(body: &[u8]) -> Vec<u8> {
    if body[0] == 6 {
        [&[0x9b][..], &(body.len() as u32).to_be_bytes(), body].concat()
    } else {
        [&[0x99][..], &(body.len() as u16).to_be_bytes(), body].concat()
    }
}
