//! Elliptic curves that keys may name, and the test whether a point is on one.

use num_bigint::BigUint;

/// A curve by its object identifier (RFC 9580 section 9.2, and secp256k1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
    P521,
    Secp256k1,
    /// Curve25519 by its legacy identifier, for key agreement.
    Cv25519,
    X448,
    Ed25519,
    Ed448,
    BrainpoolP256,
    BrainpoolP384,
    BrainpoolP512,
}

impl Curve {
    pub fn from_oid(oid: &[u8]) -> Option<Self> {
        Some(match oid {
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] => Self::P256,
            [0x2b, 0x81, 0x04, 0x00, 0x22] => Self::P384,
            [0x2b, 0x81, 0x04, 0x00, 0x23] => Self::P521,
            [0x2b, 0x81, 0x04, 0x00, 0x0a] => Self::Secp256k1,
            [0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01] => Self::Cv25519,
            [0x2b, 0x65, 0x6f] => Self::X448,
            [0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01] => Self::Ed25519,
            [0x2b, 0x65, 0x71] => Self::Ed448,
            [0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07] => Self::BrainpoolP256,
            [0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0b] => Self::BrainpoolP384,
            [0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0d] => Self::BrainpoolP512,
            _ => return None,
        })
    }

    /// The name that index views show.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "P256",
            Self::P384 => "P384",
            Self::P521 => "P521",
            Self::Secp256k1 => "SecP256k1",
            Self::Cv25519 | Self::Ed25519 => "Curve25519",
            Self::X448 | Self::Ed448 => "Curve448",
            Self::BrainpoolP256 => "BrainpoolP256",
            Self::BrainpoolP384 => "BrainpoolP384",
            Self::BrainpoolP512 => "BrainpoolP512",
        }
    }

    /// Whether ECDSA works on it.
    pub fn is_weierstrass(self) -> bool {
        self.equation().is_some()
    }

    /// Whether ECDH works on it.
    pub fn is_for_ecdh(self) -> bool {
        !matches!(self, Self::Ed25519 | Self::Ed448)
    }

    /// Whether `point` is an uncompressed point of this curve (SEC 1 section 2.3.4).
    pub fn contains(self, point: &[u8]) -> bool {
        let Some(equation) = self.equation() else { return false };
        let Some((&4, coordinates)) = point.split_first() else { return false };
        let p = hex_number(equation.p);
        let size = usize::try_from(p.bits().div_ceil(8)).unwrap_or(usize::MAX);
        if coordinates.len() != size.saturating_mul(2) {
            return false;
        }
        let Some((x, y)) = coordinates.split_at_checked(size) else { return false };
        let (x, y) = (BigUint::from_bytes_be(x), BigUint::from_bytes_be(y));
        if x >= p || y >= p {
            return false;
        }
        let right = (&x * &x * &x + hex_number(equation.a) * &x + hex_number(equation.b)) % &p;
        (&y * &y) % &p == right
    }

    fn equation(self) -> Option<&'static Equation> {
        match self {
            Self::P256 => Some(&P256),
            Self::P384 => Some(&P384),
            Self::P521 => Some(&P521),
            Self::Secp256k1 => Some(&SECP256K1),
            Self::BrainpoolP256 => Some(&BRAINPOOL_P256),
            Self::BrainpoolP384 => Some(&BRAINPOOL_P384),
            Self::BrainpoolP512 => Some(&BRAINPOOL_P512),
            Self::Cv25519 | Self::X448 | Self::Ed25519 | Self::Ed448 => None,
        }
    }
}

/// y² = x³ + ax + b modulo p, in hexadecimal digits.
struct Equation {
    p: &'static str,
    a: &'static str,
    b: &'static str,
}

fn hex_number(digits: &str) -> BigUint {
    BigUint::parse_bytes(digits.as_bytes(), 16).unwrap_or_default()
}

// SEC 2 sections 2.4 and 2.5, FIPS 186-4 appendix D.1.2.
const P256: Equation = Equation {
    p: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    a: "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
    b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
};
const P384: Equation = Equation {
    p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    a: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc",
    b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
};
const P521: Equation = Equation {
    p: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    a: "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc",
    b: "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
};
const SECP256K1: Equation =
    Equation { p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f", a: "0", b: "7" };
// RFC 5639 sections 3.4, 3.6 and 3.7.
const BRAINPOOL_P256: Equation = Equation {
    p: "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
    a: "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
    b: "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
};
const BRAINPOOL_P384: Equation = Equation {
    p: "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53",
    a: "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826",
    b: "04a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11",
};
const BRAINPOOL_P512: Equation = Equation {
    p: "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e62881ff2f2d82c68528aa6056583a48f3",
    a: "7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca",
    b: "3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5dd2809bd638016f723",
};

#[cfg(test)]
mod tests {
    use super::*;

    /// A wrong digit in a constant would drop every key on that curve: each base point must be on its curve.
    #[test]
    fn base_points_are_on_their_curves() {
        let base_points = [
            (
                Curve::P256,
                "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
            ),
            (
                Curve::P384,
                "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
            ),
            (
                Curve::P521,
                "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
            ),
            (
                Curve::Secp256k1,
                "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
            ),
            (
                Curve::BrainpoolP256,
                "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997",
            ),
            (
                Curve::BrainpoolP384,
                "1d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2e247d4af1e8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff99129280e4646217791811142820341263c5315",
            ),
            (
                Curve::BrainpoolP512,
                "81aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b1f78e2d0d48d50d1687b93b97d5f7c6d5047406a5e688b352209bcb9f8227dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111b2dcde494a5f485e5bca4bd88a2763aed1ca2b2fa8f0540678cd1e0f3ad80892",
            ),
        ];
        for (curve, digits) in base_points {
            let mut point = vec![4];
            point.extend(hex::decode(digits).unwrap());
            assert!(curve.contains(&point), "{}", curve.name());
            *point.last_mut().unwrap() ^= 1;
            assert!(!curve.contains(&point), "{}", curve.name());
        }
    }
}
