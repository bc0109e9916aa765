//! `inspect`: what would be stored, and why not.

use serde_json::Value;

use super::keyrings::{NONUPLOAD, NONUPLOAD_COUNT, armored, certificates};
use super::program::Place;

/// One line a certificate, with its digests.
#[test]
fn certificates_are_listed() {
    let place = Place::new();
    place.write("two.asc", armored(&certificates()[..2]));
    insta::assert_snapshot!(place.run(&["inspect", "two.asc"]).shown(), @r"
    two.asc f6258df2bff9a73f5b1e15c306456dd791e95791 v4 2.3=d667a89b8570f7a49f1a7ea1c912edd1 2.4=d667a89b8570f7a49f1a7ea1c912edd1
    two.asc 3f2c078f09e85fb34e4e1bae083781a2d2ace48b v4 2.3=4357b1ab2c1da17af507ade6ccbbd1f1 2.4=4357b1ab2c1da17af507ade6ccbbd1f1
    --- stderr
    --- exit 0
    ");
}

/// The JSON has the members that other programs rely on, one object a line.
#[test]
fn certificates_are_listed_as_json() {
    let place = Place::new();
    let listed = place.run(&["inspect", "--json", NONUPLOAD]).expect_success();
    let objects: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), NONUPLOAD_COUNT);
    for object in &objects {
        let members: Vec<&String> = object.as_object().unwrap().keys().collect();
        assert_eq!(members, ["digests", "dropped", "error", "file", "fingerprint", "version"]);
        assert_eq!(object["version"], 4);
        assert_eq!(object["digests"]["2.3"], object["digests"]["2.4"]);
        assert!(object["digests"]["2.4"].as_str().is_some_and(|digest| digest.len() == 32), "{object}");
    }
}

/// What is dropped of a certificate, what is refused as a whole, and what is none.
#[test]
fn refusals_have_reasons() {
    let place = Place::new();
    let certificate = &certificates()[0];
    let trust = b"\xcc\x01\x05";
    let bare_revocation = [0xc2, 0x01, 0x07];
    let truncated = &certificate[..certificate.len() - 5];
    place.write("trust.pgp", [certificate, &trust[..]].concat());
    place.write("signature.pgp", bare_revocation);
    place.write("truncated.pgp", truncated);
    place.write("text.txt", "no certificate");
    let files = ["trust.pgp", "signature.pgp", "truncated.pgp", "text.txt"];
    insta::assert_snapshot!(place.run(&[&["inspect"][..], &files].concat()).shown(), @r"
    trust.pgp f6258df2bff9a73f5b1e15c306456dd791e95791 v4 2.3=d667a89b8570f7a49f1a7ea1c912edd1 2.4=d667a89b8570f7a49f1a7ea1c912edd1
      dropped trust: trust packets are local to a keyring
    signature.pgp not stored: the signature cannot be read: its version is not supported
    truncated.pgp not stored: at octet 0: the packets cannot be read: the data ends within a packet
    text.txt not stored: at octet 0: 14 octets are no packets
    --- stderr
    --- exit 1
    ");
    insta::assert_snapshot!(place.run(&[&["inspect", "--json"][..], &files].concat()).shown(), @r#"
    {"file":"trust.pgp","fingerprint":"f6258df2bff9a73f5b1e15c306456dd791e95791","version":4,"digests":{"2.3":"d667a89b8570f7a49f1a7ea1c912edd1","2.4":"d667a89b8570f7a49f1a7ea1c912edd1"},"dropped":[{"packet":"trust","reason":"trust packets are local to a keyring"}],"error":null}
    {"file":"signature.pgp","fingerprint":null,"version":null,"digests":{"2.3":null,"2.4":null},"dropped":[],"error":"the signature cannot be read: its version is not supported"}
    {"file":"truncated.pgp","fingerprint":null,"version":null,"digests":{"2.3":null,"2.4":null},"dropped":[],"error":"at octet 0: the packets cannot be read: the data ends within a packet"}
    {"file":"text.txt","fingerprint":null,"version":null,"digests":{"2.3":null,"2.4":null},"dropped":[],"error":"at octet 0: 14 octets are no packets"}
    --- stderr
    --- exit 1
    "#);
}
