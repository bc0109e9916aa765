//! RSA and DSA verification for sizes that the backend refuses. Public values only, so nothing
//! here needs constant time; the limits bound the time that a stranger's key can cost.

use num_bigint::BigUint;
use sequoia_openpgp::types;

use crate::cert::hash::HashAlgorithm;

/// The largest RSA modulus that OpenSSL verifies with.
pub(super) const BACKEND_RSA_BITS_LIMIT: usize = 16_384;
/// The largest DSA prime and subgroup order that are computed with, in bits.
const DSA_P_BITS_LIMIT: u64 = 16_384;
const DSA_Q_BITS_LIMIT: u64 = 512;

/// An RSA key of any size; its exponent has at most 3 octets, so one check is at most 48 multiplications.
#[derive(Debug)]
pub struct Rsa {
    n: BigUint,
    e: BigUint,
}

impl Rsa {
    pub fn new(n: &[u8], e: &[u8]) -> Self {
        Self { n: BigUint::from_bytes_be(n), e: BigUint::from_bytes_be(e) }
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2).
    pub fn verify(&self, s: &[u8], hash: HashAlgorithm, digest: &[u8]) -> bool {
        let size = usize::try_from(self.n.bits().div_ceil(8)).unwrap_or(usize::MAX);
        let value = BigUint::from_bytes_be(s);
        if s.len() > size || value >= self.n {
            return false;
        }
        let Ok(prefix) = types::HashAlgorithm::from(hash.id()).oid() else { return false };
        let Some(padding) = size.checked_sub(prefix.len() + digest.len() + 3).filter(|&len| len >= 8) else {
            return false;
        };
        let mut expected = vec![0, 1];
        expected.resize(2 + padding, 0xff);
        expected.push(0);
        expected.extend(prefix);
        expected.extend(digest);
        value.modpow(&self.e, &self.n) == BigUint::from_bytes_be(&expected)
    }
}

/// A DSA key whose subgroup order has a whole number of octets, but not one of the standard ones.
#[derive(Debug)]
pub struct Dsa {
    p: BigUint,
    q: BigUint,
    g: BigUint,
    y: BigUint,
}

impl Dsa {
    /// `None` beyond the limits.
    pub fn new(p: &[u8], q: &[u8], g: &[u8], y: &[u8]) -> Option<Self> {
        let [p, q, g, y] = [p, q, g, y].map(BigUint::from_bytes_be);
        let within = p.bits() <= DSA_P_BITS_LIMIT && q.bits() <= DSA_Q_BITS_LIMIT && q.bits() > 0 && p.bits() > 0;
        within.then_some(Self { p, q, g, y })
    }

    /// FIPS 186-4 section 4.7.
    pub fn verify(&self, r: &[u8], s: &[u8], digest: &[u8]) -> bool {
        let zero = BigUint::default();
        let (r, s) = (BigUint::from_bytes_be(r), BigUint::from_bytes_be(s));
        if r == zero || s == zero || r >= self.q || s >= self.q {
            return false;
        }
        let Some(w) = s.modinv(&self.q) else { return false };
        let size = usize::try_from(self.q.bits().div_ceil(8)).unwrap_or(usize::MAX);
        let z = BigUint::from_bytes_be(digest.get(..size).unwrap_or(digest));
        let u1 = z * &w % &self.q;
        let u2 = &r * w % &self.q;
        let v = self.g.modpow(&u1, &self.p) * self.y.modpow(&u2, &self.p) % &self.p % &self.q;
        v == r
    }
}
