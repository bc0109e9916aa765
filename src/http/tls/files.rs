//! The PEM files of a certificate and its key.

use std::io::Read as _;
use std::path::Path;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;
use crate::config::Hkps;

/// The most octets of one file that are read.
const FILE_OCTETS_LIMIT: u64 = 1 << 20;

/// What the two files hold.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Octets {
    cert: Vec<u8>,
    key: Vec<u8>,
}

pub(super) fn read(hkps: &Hkps) -> Result<Octets, TlsError> {
    Ok(Octets { cert: read_file(&hkps.cert)?, key: read_file(&hkps.key)? })
}

impl Octets {
    /// The certificate with those between it and its authority, and the key.
    pub(super) fn parse(
        &self,
        hkps: &Hkps,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let missing = |path: &Path, what| TlsError::Missing { file: path.display().to_string(), what };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.cert).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| missing(&hkps.cert, "certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| missing(&hkps.key, "private key"))?;
        Ok((chain, key))
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut octets = Vec::new();
    let opened = std::fs::File::open(path);
    let read = opened.and_then(|file| file.take(FILE_OCTETS_LIMIT).read_to_end(&mut octets));
    read.map_err(|cause| TlsError::Read { file: path.display().to_string(), cause: cause.to_string() })?;
    Ok(octets)
}
