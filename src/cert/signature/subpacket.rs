//! Signature subpackets (RFC 9580 section 5.2.3.7): each either is well formed or makes its whole
//! signature unacceptable.

use bytes::Bytes;

use super::{Signature, Unparseable};
use crate::cert::reader::Reader;
use crate::cert::user_id;
use crate::domain::{Fingerprint, KeyId};

const CREATION_TIME: u8 = 2;
const SIGNATURE_EXPIRATION: u8 = 3;
const EXPORTABLE: u8 = 4;
const TRUST: u8 = 5;
const REGULAR_EXPRESSION: u8 = 6;
const KEY_EXPIRATION: u8 = 9;
const PREFERRED_SYMMETRIC: u8 = 11;
const ISSUER: u8 = 16;
const NOTATION: u8 = 20;
const PREFERRED_HASH: u8 = 21;
const PREFERRED_COMPRESSION: u8 = 22;
const KEYSERVER_PREFERENCES: u8 = 23;
const PREFERRED_KEYSERVER: u8 = 24;
const PRIMARY_USER_ID: u8 = 25;
const POLICY_URI: u8 = 26;
const KEY_FLAGS: u8 = 27;
const SIGNERS_USER_ID: u8 = 28;
const REASON: u8 = 29;
const FEATURES: u8 = 30;
const EMBEDDED_SIGNATURE: u8 = 32;
const ISSUER_FINGERPRINT: u8 = 33;
const INTENDED_RECIPIENT: u8 = 35;
const PREFERRED_AEAD: u8 = 39;

/// Stands for all reasons for revocation without a meaning.
const UNKNOWN_REASON: u8 = 200;
/// Key flag "this key may be used to sign data".
const MAY_SIGN: u8 = 0x02;

/// What the subpackets of both areas say; of a repeated one, the last.
#[derive(Clone, Debug, Default)]
pub struct Subpackets {
    pub created: Option<u32>,
    pub signature_lifetime: Option<u32>,
    pub key_lifetime: Option<u32>,
    pub issuer_key_id: Option<KeyId>,
    pub issuer_fingerprint: Option<Fingerprint>,
    pub primary_user_id: bool,
    /// Any key flags subpacket has the sign bit.
    pub may_sign: bool,
    /// The reason for revocation; 200 for every code without a meaning.
    pub reason: Option<u8>,
    pub policy_uri: Option<String>,
    /// The primary key binding signature that a signing subkey makes.
    pub embedded: Option<Box<Signature>>,
}

/// One of the two areas of a signature.
#[derive(Clone, Copy)]
pub struct Area<'a> {
    /// The body of the signature, of which the area is a part.
    pub body: &'a Bytes,
    pub octets: &'a [u8],
    /// Of the signature.
    pub version: u8,
    pub hashed: bool,
}

impl Subpackets {
    /// Reads one area. `embedded` receives the body of the embedded signature, of which there may
    /// be one in both areas together.
    pub fn read(&mut self, area: Area<'_>, embedded: &mut Option<Bytes>) -> Result<(), Unparseable> {
        let Area { body, octets, version, hashed } = area;
        let mut reader = Reader::new(octets);
        while !reader.is_empty() {
            let length = reader.subpacket_length().ok_or(TRUNCATED)?;
            let subpacket = reader.take(length).ok_or(TRUNCATED)?;
            let (kind, value) = subpacket.split_first().ok_or("a subpacket of it is empty")?;
            match kind & 0x7f {
                EMBEDDED_SIGNATURE if embedded.replace(body.slice_ref(value)).is_some() => {
                    return Err("it has more than one embedded signature");
                }
                EMBEDDED_SIGNATURE => {}
                ISSUER if version > 4 && hashed => return Err("a version 6 signature names its issuer by key ID"),
                ISSUER => self.read_issuer(value, version)?,
                ISSUER_FINGERPRINT => self.read_issuer_fingerprint(value)?,
                kind if hashed => self.read_hashed(kind, value)?,
                _ => {}
            }
            if hashed && kind & 0x80 != 0 && !is_known(kind & 0x7f) {
                return Err("a critical subpacket of it is not known");
            }
        }
        Ok(())
    }

    fn read_issuer(&mut self, value: &[u8], version: u8) -> Result<(), Unparseable> {
        let id = value.try_into().map_err(|_| "its issuer has the wrong length")?;
        if version <= 4 {
            self.issuer_key_id = Some(KeyId(id));
        }
        Ok(())
    }

    /// Sets the key ID as well: the last of issuer and issuer fingerprint decides.
    fn read_issuer_fingerprint(&mut self, value: &[u8]) -> Result<(), Unparseable> {
        let fingerprint = versioned_fingerprint(value)?;
        self.issuer_key_id = fingerprint.key_id();
        self.issuer_fingerprint = Some(fingerprint);
        Ok(())
    }

    fn read_hashed(&mut self, kind: u8, value: &[u8]) -> Result<(), Unparseable> {
        match kind {
            CREATION_TIME => self.created = Some(seconds(value)?),
            SIGNATURE_EXPIRATION => self.signature_lifetime = Some(seconds(value)?),
            KEY_EXPIRATION => self.key_lifetime = Some(seconds(value)?),
            EXPORTABLE => match value.first() {
                Some(0) => return Err("it is not exportable"),
                Some(_) => {}
                None => return Err("its exportable flag is empty"),
            },
            TRUST if value.len() != 2 => return Err("its trust level has the wrong length"),
            REGULAR_EXPRESSION if value.last() != Some(&0) => {
                return Err("its regular expression does not end in a zero octet");
            }
            NOTATION => check_notation(value)?,
            PRIMARY_USER_ID => match value {
                [flag] => self.primary_user_id = *flag > 0,
                _ => return Err("its primary user ID flag has the wrong length"),
            },
            POLICY_URI => self.policy_uri = user_id::clean(value).filter(|uri| !uri.is_empty()),
            KEY_FLAGS => self.may_sign |= value.first().is_some_and(|flags| flags & MAY_SIGN != 0),
            REASON => match value.first() {
                Some(code @ (0..=3 | 32)) => self.reason = Some(*code),
                Some(_) => self.reason = Some(UNKNOWN_REASON),
                None => return Err("its reason for revocation is empty"),
            },
            INTENDED_RECIPIENT => {
                versioned_fingerprint(value)?;
            }
            PREFERRED_AEAD if !value.len().is_multiple_of(2) => return Err("its AEAD preferences have an odd length"),
            _ => {}
        }
        Ok(())
    }
}

const TRUNCATED: Unparseable = "a subpacket of it is truncated";

/// A version octet and a fingerprint: 32 octets from version 5 on, 20 below.
fn versioned_fingerprint(value: &[u8]) -> Result<Fingerprint, Unparseable> {
    match value.split_first() {
        Some((5.., octets)) => octets.try_into().map(Fingerprint::V6).ok(),
        Some((_, octets)) => octets.try_into().map(Fingerprint::V4).ok(),
        None => None,
    }
    .ok_or("a fingerprint in it has the wrong length")
}

fn seconds(value: &[u8]) -> Result<u32, Unparseable> {
    value.try_into().map(u32::from_be_bytes).map_err(|_| "a time in it has the wrong length")
}

/// Four octets of flags, two lengths, and as much name and value.
fn check_notation(value: &[u8]) -> Result<(), Unparseable> {
    let mut reader = Reader::new(value);
    let well_formed = reader.take(4).and_then(|_| {
        let (name, text) = (reader.u16()?, reader.u16()?);
        reader.take(usize::from(name))?;
        reader.take(usize::from(text))?;
        reader.is_empty().then_some(())
    });
    well_formed.ok_or("a notation in it is malformed")
}

fn is_known(kind: u8) -> bool {
    matches!(
        kind,
        CREATION_TIME
            | SIGNATURE_EXPIRATION
            | EXPORTABLE
            | TRUST
            | REGULAR_EXPRESSION
            | KEY_EXPIRATION
            | PREFERRED_SYMMETRIC
            | ISSUER
            | NOTATION
            | PREFERRED_HASH
            | PREFERRED_COMPRESSION
            | KEYSERVER_PREFERENCES
            | PREFERRED_KEYSERVER
            | PRIMARY_USER_ID
            | POLICY_URI
            | KEY_FLAGS
            | SIGNERS_USER_ID
            | REASON
            | FEATURES
            | EMBEDDED_SIGNATURE
            | ISSUER_FINGERPRINT
            | INTENDED_RECIPIENT
            | PREFERRED_AEAD
    )
}
