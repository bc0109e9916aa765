//! Certificates as lists of packets.

use super::signature::{BACK, BINDING, CERTIFICATION};
use super::{KEY, SIGNATURE, SUBKEY, Sig, Signer, USER_ID, packet};

/// The user ID of forged certificates.
pub const ALICE: &[u8] = b"Alice <alice@example.org>";

/// A certificate under construction.
pub struct Forged {
    pub primary: Signer,
    pub packets: Vec<(u8, Vec<u8>)>,
}

impl Forged {
    /// Nothing but the primary key, which evaporates.
    pub fn bare(primary: Signer) -> Self {
        let packets = vec![(KEY, primary.body.clone())];
        Self { primary, packets }
    }

    /// With [`ALICE`] and a certification.
    pub fn new(primary: Signer) -> Self {
        let mut cert = Self::bare(primary);
        cert.user_id(ALICE);
        cert
    }

    pub fn ed25519() -> Self {
        Self::new(Signer::ed25519_legacy())
    }

    pub fn push(&mut self, tag: u8, body: impl Into<Vec<u8>>) -> &mut Self {
        self.packets.push((tag, body.into()));
        self
    }

    /// A user ID with a certification.
    pub fn user_id(&mut self, text: &[u8]) -> &mut Self {
        let certification = self.certify(text, &Sig::new(CERTIFICATION, &self.primary));
        self.push(USER_ID, text).push(SIGNATURE, certification)
    }

    /// A subkey that may not sign, with its binding; `body` may differ from what is signed.
    pub fn subkey(&mut self, subkey: &Signer, body: &[u8]) -> &mut Self {
        let binding = Sig::new(BINDING, &self.primary).over_subkey(&self.primary, subkey, &self.primary);
        self.push(SUBKEY, body).push(SIGNATURE, binding)
    }

    /// A self-signature over a user ID.
    pub fn certify(&self, text: &[u8], signature: &Sig) -> Vec<u8> {
        signature.over_user_id(&self.primary, text, &self.primary)
    }

    /// A binding of `subkey` with the flag to sign and the given embedded signature.
    pub fn signing_binding(&self, subkey: &Signer, back: Option<&[u8]>) -> Vec<u8> {
        let mut binding = Sig::new(BINDING, &self.primary).with(27, &[2]);
        if let Some(back) = back {
            binding = binding.with_unhashed(32, back);
        }
        binding.over_subkey(&self.primary, subkey, &self.primary)
    }

    /// The back signature of `subkey`.
    pub fn back_signature(&self, subkey: &Signer, by: &Signer) -> Vec<u8> {
        Sig::new(BACK, by).over_subkey(&self.primary, subkey, by)
    }

    pub fn octets(&self) -> Vec<u8> {
        self.packets.iter().flat_map(|(tag, body)| packet(*tag, body)).collect()
    }
}
