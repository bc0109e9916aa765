//! Keyrings of the package debian-keyring, and what can happen to such files.

use bytes::Bytes;
use hockeypuck::cert::Limits;
use hockeypuck::cert::armor::encode::encode;
use hockeypuck::keyring::load::{CertificateReader, Piece};

/// 36 certificates of today's and former developers, all of which are good.
pub(super) const NONUPLOAD: &str = "/usr/share/keyrings/debian-nonupload.gpg";
pub(super) const NONUPLOAD_COUNT: usize = 36;

pub(super) fn octets(path: &str) -> Vec<u8> {
    std::fs::read(path)
        .unwrap_or_else(|error| panic!("{path}: {error}; `make test-packages` installs what the tests need"))
}

/// The certificates of the keyring, each by itself.
pub(super) fn certificates() -> Vec<Bytes> {
    let certificates: Vec<Bytes> = pieces(&octets(NONUPLOAD)).into_iter().map(|piece| piece.octets).collect();
    assert_eq!(certificates.len(), NONUPLOAD_COUNT);
    certificates
}

/// Everything that the reader makes of some octets.
pub(super) fn pieces(octets: &[u8]) -> Vec<Piece> {
    let mut reader = CertificateReader::new(octets, &Limits::default()).unwrap();
    std::iter::from_fn(|| reader.next_piece().unwrap()).collect()
}

/// One armored block.
pub(super) fn armored(pieces: &[Bytes]) -> Vec<u8> {
    encode(&[("Comment".into(), "a keyring".into())], pieces).to_vec()
}
