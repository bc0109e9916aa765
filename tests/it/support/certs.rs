//! Fresh certificates, about a millisecond each.

use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::{CertBuilder, CipherSuite};
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::serialize::SerializeInto;
use sequoia_openpgp::types::ReasonForRevocation;

/// A certificate, with what its owner can do to it.
pub struct Owned {
    pub cert: Cert,
    revocation: Signature,
}

impl Owned {
    /// Upper-case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        self.cert.fingerprint().to_hex()
    }

    /// The public packets.
    pub fn packets(&self) -> Vec<u8> {
        self.cert.to_vec().unwrap()
    }

    pub fn armored(&self) -> Vec<u8> {
        self.cert.armored().to_vec().unwrap()
    }

    /// The public packets with a revocation of the whole certificate.
    pub fn revoked(&self) -> Vec<u8> {
        self.cert.clone().insert_packets(self.revocation.clone()).unwrap().0.to_vec().unwrap()
    }

    /// The certificate, once with each of `count` further user IDs `{stem}{n}@example.org`.
    pub fn with_each_user_id(&self, stem: &str, count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|n| self.with_user_id(&format!("<{stem}{n}@example.org>"))).collect()
    }

    fn with_user_id(&self, text: &str) -> Vec<u8> {
        let mut signer = self.cert.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
        let user_id = sequoia_openpgp::packet::UserID::from(text);
        let builder = sequoia_openpgp::packet::signature::SignatureBuilder::new(
            sequoia_openpgp::types::SignatureType::PositiveCertification,
        );
        let binding = user_id.bind(&mut signer, &self.cert, builder).unwrap();
        let packets: [sequoia_openpgp::Packet; 2] = [user_id.into(), binding.into()];
        self.cert.clone().insert_packets(packets).unwrap().0.to_vec().unwrap()
    }
}

/// A signing key without subkeys and with one user ID.
pub fn small(user_id: &str) -> Owned {
    build(CertBuilder::new().set_cipher_suite(CipherSuite::Cv25519).add_userid(user_id))
}

/// A key for certification, with subkeys for signing and for encryption.
pub fn general(user_id: &str) -> Owned {
    build(CertBuilder::general_purpose(Some(user_id)).set_cipher_suite(CipherSuite::Cv25519))
}

fn build(builder: CertBuilder) -> Owned {
    let (cert, _) = builder.generate().unwrap();
    let mut signer = cert.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
    let revocation = cert.revoke(&mut signer, ReasonForRevocation::KeySuperseded, b"test").unwrap();
    Owned { cert, revocation }
}
