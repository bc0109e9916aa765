//! Appends fields to octets.

use crate::{Element, Prefix, Samples};

/// Counts never exceed `u32`, because nothing so large is ever held; if it were, the length would be wrong
/// and the peer would refuse the frame.
pub(super) fn count(out: &mut Vec<u8>, count: usize) {
    number(out, u32::try_from(count).unwrap_or(u32::MAX));
}

pub(super) fn number(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_be_bytes());
}

pub(super) fn string(out: &mut Vec<u8>, octets: &[u8]) {
    count(out, octets.len());
    out.extend_from_slice(octets);
}

pub(super) fn prefix(out: &mut Vec<u8>, prefix: Prefix) {
    number(out, prefix.length());
    let octets = prefix.octets();
    count(out, octets.len());
    out.extend(octets);
}

pub(super) fn elements(out: &mut Vec<u8>, elements: &[Element]) {
    count(out, elements.len());
    for element in elements {
        out.extend_from_slice(&element.digest());
        out.push(0);
    }
}

pub(super) fn samples(out: &mut Vec<u8>, samples: &Samples) {
    let values = samples.values();
    count(out, values.len());
    values.iter().for_each(|value| out.extend_from_slice(&value.to_le17()));
}
