//! Names of public key algorithms.

use super::summary::AlgorithmSummary;

impl AlgorithmSummary {
    /// The short name with the size or curve that tells keys apart: `rsa4096`, `eddsa_Curve25519`, `x25519`.
    ///
    /// Names with `?` or `!` mark algorithms that must not be used or are only reserved.
    pub fn name(&self) -> String {
        match self.family() {
            Family::Fixed(name) => name.to_owned(),
            Family::Sized(name) => format!("{name}{}", self.bits),
            Family::Curve(name) => format!("{name}_{}", self.curve.as_deref().unwrap_or("unknown")),
            Family::Unknown => format!("unk(#{})", self.code),
        }
    }

    fn family(&self) -> Family {
        match self.code {
            1 => Family::Sized("rsa"),
            2 => Family::Sized("rsaE"),
            3 => Family::Sized("rsaS"),
            8 => Family::Fixed("kyber?"),
            16 => Family::Sized("elgE"),
            17 => Family::Sized("dsa"),
            18 => Family::Curve("ecdh"),
            19 => Family::Curve("ecdsa"),
            20 => Family::Sized("elg!"),
            21 => Family::Fixed("dh?"),
            22 => Family::Curve("eddsa"),
            23 => Family::Fixed("aedh?"),
            24 => Family::Fixed("aedsa?"),
            25 => Family::Fixed("x25519"),
            26 => Family::Fixed("x448"),
            27 => Family::Fixed("ed25519"),
            28 => Family::Fixed("ed448"),
            30 => Family::Fixed("mldsa65+ed25519"),
            31 => Family::Fixed("mldsa87+ed448"),
            32 => Family::Fixed("slhdsa128s"),
            33 => Family::Fixed("slhdsa128f"),
            34 => Family::Fixed("slhdsa256s"),
            35 => Family::Fixed("mlkem768+x25519"),
            36 => Family::Fixed("mlkem1024+x448"),
            _ => Family::Unknown,
        }
    }
}

/// What follows the name.
enum Family {
    Fixed(&'static str),
    Sized(&'static str),
    Curve(&'static str),
    Unknown,
}
