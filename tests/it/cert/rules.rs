//! Every rule by which packets are accepted, on forged certificates that break one rule each.

mod framing;
mod keys;
mod limits;
mod places;
mod profiles;
mod revocations;
mod signatures;

use hockeypuck::domain::Record;

use crate::support::certificates::{normalise, split};
use crate::support::forge::Forged;

/// What is stored of a forged certificate of which something is.
fn stored(cert: &Forged) -> Record {
    normalise(&cert.octets()).expect("the certificate is accepted")
}

fn contains(record: &Record, tag: u8, body: &[u8]) -> bool {
    split(&record.packets).iter().any(|(t, b)| *t == tag && b == body)
}

/// The packets are stored, or not.
#[track_caller]
fn assert_kept(record: &Record, tag: u8, body: &[u8], kept: bool, what: &str) {
    assert_eq!(contains(record, tag, body), kept, "{what}: whether it is kept");
}
