//! People who sign requests, with keys that are good or bad in one way.

use std::io::Write;
use std::time::{Duration, SystemTime};

use hockeypuck::domain::Fingerprint;
use sequoia_openpgp::armor::{Kind, Writer};
use sequoia_openpgp::cert::{CertBuilder, CertRevocationBuilder, CipherSuite};
use sequoia_openpgp::crypto::KeyPair;
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::serialize::{Serialize, SerializeInto};
use sequoia_openpgp::types::{KeyFlags, ReasonForRevocation, SignatureType};
use sequoia_openpgp::{Cert, Packet, Profile};

/// A certificate with its secret keys.
pub struct Administrator {
    cert: Cert,
    created: SystemTime,
}

impl Administrator {
    /// A primary key that certifies and a subkey that signs, made at `created`.
    pub fn new(created: SystemTime) -> Self {
        Self::build(created, |builder| builder.add_signing_subkey())
    }

    /// Of version 6.
    pub fn v6(created: SystemTime) -> Self {
        Self::build(created, |builder| builder.set_profile(Profile::RFC9580).unwrap().add_signing_subkey())
    }

    /// The certificate is good for so long.
    pub fn for_a_while(created: SystemTime, validity: Duration) -> Self {
        Self::build(created, |builder| builder.add_signing_subkey().set_validity_period(validity))
    }

    /// The signing subkey is good for so long.
    pub fn with_brief_subkey(created: SystemTime, validity: Duration) -> Self {
        Self::build(created, |builder| builder.add_subkey(KeyFlags::empty().set_signing(), validity, None))
    }

    fn build(created: SystemTime, with: impl FnOnce(CertBuilder<'static>) -> CertBuilder<'static>) -> Self {
        let builder = CertBuilder::new().set_creation_time(created).set_cipher_suite(CipherSuite::Cv25519);
        let builder = with(builder.add_userid("Administrator <admin@example.org>"));
        let (cert, _) = builder.generate().unwrap();
        Self { cert, created }
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from_bytes(self.cert.fingerprint().as_bytes()).unwrap()
    }

    /// The public packets.
    pub fn packets(&self) -> Vec<u8> {
        self.cert.to_vec().unwrap()
    }

    /// The public packets with a revocation of the whole certificate.
    pub fn revoked(&self, at: SystemTime, reason: ReasonForRevocation) -> Vec<u8> {
        let mut signer = self.primary();
        let builder = CertRevocationBuilder::new().set_signature_creation_time(at).unwrap();
        let builder = builder.set_reason_for_revocation(reason, b"test").unwrap();
        let revocation = builder.build(&mut signer, &self.cert, None).unwrap();
        self.cert.clone().insert_packets(revocation).unwrap().0.to_vec().unwrap()
    }

    /// An armored signature by the subkey.
    pub fn sign(&self, text: &str, at: SystemTime) -> String {
        armored(&[self.signature(text, at)])
    }

    /// An armored signature by the primary key, which may not sign.
    pub fn sign_with_primary(&self, text: &str, at: SystemTime) -> String {
        armored(&[made(&mut self.primary(), text, at)])
    }

    pub fn signature(&self, text: &str, at: SystemTime) -> Signature {
        let subkey = self.cert.keys().subkeys().next().unwrap();
        made(&mut subkey.key().clone().parts_into_secret().unwrap().into_keypair().unwrap(), text, at)
    }

    pub fn created(&self) -> SystemTime {
        self.created
    }

    fn primary(&self) -> KeyPair {
        self.cert.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap()
    }
}

fn made(signer: &mut KeyPair, text: &str, at: SystemTime) -> Signature {
    let builder = SignatureBuilder::new(SignatureType::Binary).set_signature_creation_time(at).unwrap();
    builder.sign_message(signer, text).unwrap()
}

/// Signatures in one block of armor.
pub fn armored(signatures: &[Signature]) -> String {
    armored_with(signatures, &[])
}

/// With header lines.
pub fn armored_with(signatures: &[Signature], headers: &[(&str, &str)]) -> String {
    let mut writer = Writer::with_headers(Vec::new(), Kind::Signature, headers.iter().copied()).unwrap();
    for signature in signatures {
        Packet::from(signature.clone()).serialize(&mut writer).unwrap();
    }
    writer.flush().unwrap();
    String::from_utf8(writer.finalize().unwrap()).unwrap()
}

/// The packets of a public certificate as a block of armor.
pub fn armored_certificate(packets: &[u8]) -> String {
    let mut writer = Writer::new(Vec::new(), Kind::PublicKey).unwrap();
    writer.write_all(packets).unwrap();
    String::from_utf8(writer.finalize().unwrap()).unwrap()
}
