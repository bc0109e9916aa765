//! The certificates of a real keyring, whose digests every server of the network agrees on.

use std::collections::HashMap;

use hockeypuck::cert::{self, Item, Limits, Merged, Rejection};
use hockeypuck::domain::{Digests, Fingerprint};

use crate::support::certificates::debian_keyrings;

/// One line per certificate: fingerprint and digest, the same in all profiles.
const EXPECTED: &str = include_str!("../../data/debian-keyring-digests.txt");
/// The version of the package debian-keyring that the digests are of.
const VERSION: &str = "2022.12.24";
/// Of another version of the package, at least this many certificates must be the same.
const MATCHES_MIN: usize = 1000;
/// The one certificate of that version of which nothing is left.
const EVAPORATES: usize = 1;

/// If digests differ from those of other servers, gossip never ends: the certificates go back and forth.
#[test]
fn digests_are_those_of_the_network() {
    let expected: HashMap<&str, &str> = EXPECTED.lines().filter_map(|line| line.split_once(' ')).collect();
    let (found, rejected) = digests();
    let (mut matches, mut differ) = (0, Vec::new());
    for (fingerprint, digests) in &found {
        let Some(expected) = expected.get(fingerprint.to_string().as_str()) else { continue };
        let same = [digests.v23, digests.v24].iter().all(|d| d.is_some_and(|d| d.to_string() == *expected));
        if same {
            matches += 1;
        } else {
            differ.push(format!("{fingerprint}: {digests:?} instead of {expected}"));
        }
    }
    if installed_version() == VERSION {
        assert_eq!(differ, Vec::<String>::new());
        assert_eq!(matches, expected.len(), "every certificate of the package has the expected digest");
        assert_eq!(found.len(), expected.len(), "no certificate too many is accepted");
        assert_eq!(rejected, vec![Rejection::NoValidSelfSignature; EVAPORATES]);
    } else {
        assert!(
            matches >= MATCHES_MIN,
            "debian-keyring {} is installed instead of {VERSION}: only {matches} of the certificates that both \
             have are the same, {MATCHES_MIN} must be; different are {differ:#?}",
            installed_version(),
        );
    }
}

/// All certificates of the keyrings in one stream, as they come from a dump.
fn digests() -> (HashMap<Fingerprint, Digests>, Vec<Rejection>) {
    let (mut found, mut rejected) = (HashMap::new(), Vec::new());
    for keyring in debian_keyrings() {
        for item in cert::read(keyring, Limits::default()) {
            let Item::Certificate(mut incoming) = item else { panic!("only certificates are in a keyring: {item:?}") };
            match incoming.merge(None) {
                Ok(Merged::Changed(record)) => {
                    let earlier = found.insert(record.fingerprint, record.digests);
                    assert_eq!(earlier, None, "{} is in one keyring only", record.fingerprint);
                }
                Ok(Merged::Unchanged) => panic!("a first certificate is always a change"),
                Err(reason) => rejected.push(reason),
            }
        }
    }
    (found, rejected)
}

fn installed_version() -> String {
    let output = std::process::Command::new("dpkg-query").args(["-W", "-f", "${Version}", "debian-keyring"]).output();
    let output = output.expect("dpkg-query runs");
    String::from_utf8(output.stdout).unwrap()
}
