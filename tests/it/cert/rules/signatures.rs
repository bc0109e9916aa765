//! Which signature packets are accepted at all. Each is a valid certification but for one thing.

use super::{assert_kept, stored};
use crate::support::forge::key::CREATED;
use crate::support::forge::signature::{BACK, CERTIFICATION, DIRECT, SHA256, subpacket};
use crate::support::forge::{ALICE, Forged, SIGNATURE, Sig, Signer};

/// Every case is tried as the key's own signature and as somebody else's.
fn assert_accepted(name: &str, kept: bool, change: impl Fn(Sig) -> Sig) {
    for by_self in [true, false] {
        let mut cert = Forged::ed25519();
        let third = Signer::ed25519();
        let by = if by_self { &cert.primary } else { &third };
        let signature = change(Sig::new(CERTIFICATION, by).at(CREATED + 1)).over_user_id(&cert.primary, ALICE, by);
        cert.push(SIGNATURE, signature.clone());
        assert_kept(&stored(&cert), SIGNATURE, &signature, kept, name);
    }
}

/// Malformed subpackets in the hashed area make a signature unacceptable; which ones do decides digests.
#[test]
fn hashed_subpackets() {
    let fingerprint = |version: u8, octets: usize| [&[version][..], &vec![7; octets]].concat();
    for (name, kept, kind, value) in [
        ("creation time twice", true, 2, vec![0; 4]),
        ("creation time of 3 octets", false, 2, vec![0; 3]),
        ("expiration", true, 3, vec![0; 4]),
        ("expiration of 5 octets", false, 3, vec![0; 5]),
        ("exportable", true, 4, vec![1]),
        ("exportable, 2", true, 4, vec![2, 0]),
        ("not exportable", false, 4, vec![0]),
        ("exportable, empty", false, 4, vec![]),
        ("trust", true, 5, vec![1, 60]),
        ("trust of 1 octet", false, 5, vec![1]),
        ("regular expression", true, 6, b"x\0".to_vec()),
        ("regular expression without end", false, 6, b"x".to_vec()),
        ("regular expression, empty", false, 6, vec![]),
        ("revocable", true, 7, vec![0]),
        ("revocable, critical", false, 0x87, vec![0]),
        ("key expiration", true, 9, vec![255; 4]),
        ("key expiration of 2 octets", false, 9, vec![0; 2]),
        ("preferred ciphers, empty", true, 11, vec![]),
        ("revocation key", true, 12, vec![0x80, 1, 2]),
        ("revocation key, critical", false, 0x8c, vec![0x80, 1, 2]),
        ("issuer of 7 octets", false, 16, vec![0; 7]),
        ("notation", true, 20, [&[0, 0, 0, 0, 0, 1, 0, 2][..], b"nvv"].concat()),
        ("notation, too short", false, 20, vec![0; 7]),
        ("notation whose lengths do not add up", false, 20, [&[0, 0, 0, 0, 0, 1, 0, 3][..], b"nvv"].concat()),
        ("primary user ID", true, 25, vec![1]),
        ("primary user ID of 2 octets", false, 25, vec![1, 1]),
        ("primary user ID, empty", false, 25, vec![]),
        ("policy URI, critical", true, 0x80 | 26, b"https://x".to_vec()),
        ("key flags, empty", true, 27, vec![]),
        ("reason, empty", false, 29, vec![]),
        ("reason", true, 29, vec![3]),
        ("issuer fingerprint, empty", false, 33, vec![]),
        ("issuer fingerprint of 19 octets", false, 33, fingerprint(4, 19)),
        ("issuer fingerprint of version 5, too short", false, 33, fingerprint(5, 20)),
        ("intended recipient", true, 35, fingerprint(4, 20)),
        ("intended recipient, empty", false, 35, vec![]),
        ("intended recipient of version 6", true, 35, fingerprint(6, 32)),
        ("AEAD suites", true, 39, vec![9, 2]),
        ("AEAD suites of 3 octets", false, 39, vec![9, 2, 7]),
        ("unknown", true, 100, vec![1]),
        ("unknown, critical", false, 0x80 | 100, vec![1]),
        ("embedded signature of no octets", false, 32, vec![]),
        ("embedded junk", false, 32, vec![4, 0x19, 1]),
    ] {
        assert_accepted(name, kept, |sig| sig.with(kind, &value));
    }
}

/// Only the issuer and the embedded signature are read in the area that nothing protects; it must be well formed.
#[test]
fn unhashed_subpackets() {
    for (name, kept, kind, value) in [
        ("creation time, empty", true, 2, vec![]),
        ("not exportable", true, 4, vec![0]),
        ("unknown, critical", true, 0x80 | 100, vec![1]),
        ("issuer of 7 octets", false, 16, vec![0; 7]),
        ("issuer fingerprint of 19 octets", false, 33, vec![4; 20]),
        ("embedded junk", false, 32, vec![4, 0x19]),
    ] {
        assert_accepted(name, kept, |sig| sig.with_unhashed(kind, &value));
    }
    for (name, kept, area) in [
        ("of length 0", false, vec![0]),
        ("truncated", false, vec![5, 100, 1]),
        ("with half a length of 2 octets", false, vec![192]),
        ("with half a length of 5 octets", false, vec![255, 0, 0]),
        ("with 5 octets of length", true, vec![255, 0, 0, 0, 2, 100, 1]),
        ("with a length of 2^32 - 1", false, vec![255, 255, 255, 255, 255, 100]),
    ] {
        assert_accepted(name, kept, |sig| Sig { unhashed: area.clone(), ..sig });
        assert_accepted(name, kept, |sig| Sig { hashed: [sig.hashed.clone(), area.clone()].concat(), ..sig });
    }
}

/// Fields outside of the subpackets.
#[test]
fn fields() {
    for (hash, kept) in [(1, false), (2, true), (3, false), (8, true), (9, true), (10, true), (11, true), (12, true)] {
        assert_accepted(&format!("hash {hash}"), kept, |sig| Sig { hash, ..sig });
    }
    assert_accepted("hash 14", true, |sig| Sig { hash: 14, ..sig });
    assert_accepted("octets after the value", true, |sig| Sig { trailing: vec![1, 2, 3], ..sig });
    assert_accepted("without a creation time", false, |sig| Sig { hashed: sig.hashed[6..].to_vec(), ..sig });
    assert_accepted("without a hashed area", false, |sig| Sig { hashed: Vec::new(), ..sig });
    assert_accepted("without an issuer", false, |sig| Sig { hashed: sig.hashed[..6].to_vec(), ..sig });
}

/// Who made a signature: the last name wins, the unhashed area is last, and one of key ID and fingerprint is enough.
#[test]
fn issuers() {
    let mut cert = Forged::ed25519();
    let other = Signer::ed25519();
    let (own, id) = ([&[4][..], &cert.primary.fingerprint()].concat(), cert.primary.key_id());
    let (others, other_id) = ([&[4][..], &other.fingerprint()].concat(), other.key_id());
    // Spoilt: kept only if it counts as another key's, whose value is not checked.
    let spoilt = || Sig { spoil_value: 1, ..Sig::bare(CERTIFICATION, &cert.primary).with(2, &[9; 4]) };
    let cases = [
        ("fingerprint", spoilt().with(33, &own), false),
        ("key ID", spoilt().with(16, &id), false),
        ("other fingerprint", spoilt().with(33, &others), true),
        ("other key ID", spoilt().with(16, &other_id), true),
        ("fingerprint, then other key ID", spoilt().with(33, &own).with(16, &other_id), false),
        ("other key ID, then fingerprint", spoilt().with(16, &other_id).with(33, &own), false),
        ("key ID, then other fingerprint", spoilt().with(16, &id).with(33, &others), true),
        ("other fingerprint, then key ID", spoilt().with(33, &others).with(16, &id), false),
        ("hashed fingerprint, other unhashed", spoilt().with(33, &own).with_unhashed(33, &others), true),
        ("hashed other, fingerprint unhashed", spoilt().with(33, &others).with_unhashed(33, &own), false),
        ("hashed other, key ID unhashed", spoilt().with(33, &others).with_unhashed(16, &id), false),
        ("fingerprint under another version", spoilt().with(33, &[&[3][..], &own[1..]].concat()), false),
    ];
    let bodies: Vec<_> = cases.iter().map(|(_, sig, _)| cert.certify(ALICE, sig)).collect();
    bodies.iter().for_each(|body| cert.packets.push((SIGNATURE, body.clone())));
    let record = stored(&cert);
    for ((name, _, kept), body) in cases.iter().zip(&bodies) {
        assert_kept(&record, SIGNATURE, body, *kept, name);
    }
}

/// An embedded signature must be a back signature of version 4 or later, there may be one, and in it as well.
#[test]
fn embedded_signatures() {
    let by = Signer::ed25519();
    let rsa = Signer::rsa(1024);
    let back = Sig::new(BACK, &by).over_key(&by, &by);
    let unnamed = Sig::bare(BACK, &by).with(2, &[0; 4]).over_key(&by, &by);
    let nested = Sig::new(BACK, &by).with_unhashed(32, &back).over_key(&by, &by);
    let bad_nested = Sig::new(BACK, &by).with_unhashed(32, &[4]).over_key(&by, &by);
    for (name, kept, body) in [
        ("a back signature", true, &back),
        ("without an issuer", true, &unnamed),
        ("nested", true, &nested),
        ("nested junk", false, &bad_nested),
        ("a direct signature", false, &Sig::new(DIRECT, &by).over_key(&by, &by)),
        ("of version 3", false, &Sig::version3(BACK, &rsa).over_key(&by, &rsa)),
    ] {
        assert_accepted(name, kept, |sig| sig.with(32, body));
        assert_accepted(name, kept, |sig| sig.with_unhashed(32, body));
    }
    assert_accepted("two", false, |sig| sig.with(32, &back).with_unhashed(32, &back));
}

/// What a case does to a valid signature.
type Change<'a> = &'a dyn Fn(Sig) -> Sig;

/// Version 6 has longer lengths, a salt whose size follows from the hash, and no issuer by key ID.
#[test]
fn version_6() {
    let salted = |hash: u8, octets: usize| move |sig: Sig| Sig { hash, salt: vec![7; octets], ..sig };
    let key_id = |sig: Sig| sig.with(16, &[1; 8]);
    let unhashed_key_id = |sig: Sig| sig.with_unhashed(16, &[1; 8]);
    let cases: [(&str, bool, Change<'_>); 11] = [
        ("SHA-256", true, &salted(SHA256, 16)),
        ("SHA-256, salt of 15", false, &salted(SHA256, 15)),
        ("SHA-256, no salt", false, &salted(SHA256, 0)),
        ("SHA-384", true, &salted(9, 24)),
        ("SHA-512", true, &salted(10, 32)),
        ("SHA-512, salt of 16", false, &salted(10, 16)),
        ("SHA-224", true, &salted(11, 16)),
        ("SHA3-512", true, &salted(14, 32)),
        ("SHA-1", false, &salted(2, 16)),
        ("hashed key ID", false, &key_id),
        ("unhashed key ID", true, &unhashed_key_id),
    ];
    for (name, kept, change) in cases {
        let mut cert = Forged::new(Signer::ed25519_v6());
        let sig = change(Sig::new(CERTIFICATION, &cert.primary).at(CREATED + 1));
        let body = cert.certify(ALICE, &sig);
        cert.push(SIGNATURE, body.clone());
        assert_kept(&stored(&cert), SIGNATURE, &body, kept, name);
    }
    assert_eq!(subpacket(16, &[0; 8]).len(), 10);
}
