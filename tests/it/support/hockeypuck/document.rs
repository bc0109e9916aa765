//! The documents of the column `doc`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Release, fingerprint};
use crate::support::forge::{KEY, SIGNATURE, SUBKEY, USER_ID, packet};

const TRUST: u8 = 12;

/// The document of a certificate's packets.
pub fn of(release: Release, packets: &[(u8, Bytes)]) -> Value {
    let mut certificate = Value::Null;
    let mut trail: Vec<(&str, usize)> = Vec::new();
    for (tag, body) in packets {
        match *tag {
            KEY => certificate = key(release, KEY, body),
            USER_ID | SUBKEY => {
                let (list, item) = match *tag {
                    USER_ID => ("userIDs", user_id(release, body)),
                    _ => ("subKeys", key(release, SUBKEY, body)),
                };
                trail = vec![(list, push(&mut certificate, list, item))];
            }
            SIGNATURE => {
                trail.retain(|(list, _)| *list != "signatures");
                let at = push(place(&mut certificate, &trail), "signatures", signature(release, body));
                trail.push(("signatures", at));
            }
            TRUST => {
                let trust = json!({"packet": data(release, TRUST, body), "trustTypeName": "", "trustTypeValue": null});
                push(place(&mut certificate, &trail), "trusts", trust);
            }
            tag => panic!("Hockeypuck keeps no packets of type {tag}"),
        }
    }
    certificate["md5"] = super::digest(packets).into();
    certificate["length"] = packets.iter().map(|(_, body)| body.len()).sum::<usize>().into();
    certificate
}

fn place<'a>(certificate: &'a mut Value, trail: &[(&str, usize)]) -> &'a mut Value {
    trail.iter().fold(certificate, |value, (list, at)| &mut value[*list][*at])
}

/// Appends to a list, which is there only when it is not empty.
fn push(value: &mut Value, list: &str, item: Value) -> usize {
    let items = value.as_object_mut().unwrap().entry(list).or_insert_with(|| json!([]));
    items.as_array_mut().unwrap().push(item);
    items.as_array().unwrap().len() - 1
}

fn data(release: Release, tag: u8, body: &[u8]) -> Value {
    let mut value = json!({"tag": tag, "data": STANDARD.encode(packet(tag, body))});
    if release != Release::V24 {
        value["parsed"] = (release == Release::V22).into();
    }
    value
}

fn key(release: Release, tag: u8, body: &[u8]) -> Value {
    let digits = fingerprint(body);
    let id = if body[0] == 6 { &digits[..16] } else { &digits[24..] };
    let mut value = json!({
        "packet": data(release, tag, body), "fingerprint": digits, "longKeyID": id,
        "creation": "2020-09-13T12:26:40Z", "neverExpires": true, "version": body[0],
        "algorithm": {"name": "eddsa_Curve25519", "code": body[5], "bitLength": 263, "curve": "Curve25519"},
    });
    if release != Release::V24 {
        merge(&mut value, json!({"bitLength": 263}));
    }
    if release == Release::V22 {
        merge(&mut value, json!({"shortKeyID": &id[8..]}));
    }
    value
}

fn user_id(release: Release, body: &[u8]) -> Value {
    let mut value = json!({"packet": data(release, USER_ID, body), "keywords": String::from_utf8_lossy(body)});
    if release == Release::V24 {
        merge(&mut value, json!({"validsince": "2020-09-13T12:26:40Z", "neverExpires": true}));
    }
    value
}

fn signature(release: Release, body: &[u8]) -> Value {
    let mut value = json!({
        "packet": data(release, SIGNATURE, body), "sigType": body[1], "creation": "2020-09-13T12:26:40Z", "neverExpires": true,
    });
    if release == Release::V24 {
        merge(&mut value, json!({"version": body[0]}));
    }
    value
}

fn merge(value: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("not an object") };
    let fields: &mut Map<String, Value> = value.as_object_mut().unwrap();
    fields.extend(more);
}
