//! Which keys are accepted, as subkeys with a right binding and as primary keys that sign.

use sequoia_openpgp::packet::key::{Key4, Key6, SecretParts, UnspecifiedRole};
use sequoia_openpgp::types::Curve;

use super::{assert_kept, stored};
use crate::support::certificates::{merge, normalise, split};
use crate::support::forge::key::{hashed_key, v4_body, v6_body};
use crate::support::forge::signature::BINDING;
use crate::support::forge::{Forged, SIGNATURE, SUBKEY, Sig, Signer, mpi};

const P256: [u8; 9] = [8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const CV25519: [u8; 11] = [10, 0x2b, 6, 1, 4, 1, 0x97, 0x55, 1, 5, 1];
const ED25519: [u8; 10] = [9, 0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1];
const X448: [u8; 4] = [3, 0x2b, 0x65, 0x6f];
/// ANSI x9.62 P-192, which nobody accepts.
const P192: [u8; 9] = [8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1];

fn ecdh(curve: &[u8], point: &[u8], kdf: &[u8]) -> Vec<u8> {
    [curve, &mpi(point), kdf].concat()
}

fn cv25519_point(octets: usize) -> Vec<u8> {
    [&[0x40][..], &vec![7; octets - 1]].concat()
}

/// An unreadable subkey is dropped with everything that is signed over it; which those are decides digests.
#[test]
fn subkeys() {
    let numbers = |list: &[usize]| list.iter().flat_map(|size| mpi(&vec![0x81; *size])).collect::<Vec<u8>>();
    let point = cv25519_point(33);
    let kdf = [3, 1, 8, 7];
    let v4 = |algorithm, fields: &[u8]| v4_body(algorithm, fields);
    for (name, body, kept) in [
        ("RSA", v4(2, &numbers(&[128, 3])), true),
        ("RSA with an exponent of 4 octets", v4(2, &numbers(&[128, 4])), false),
        ("RSA, truncated", v4(2, &numbers(&[128])), false),
        ("ElGamal", v4(16, &numbers(&[64, 1, 64])), true),
        ("ElGamal that signs", v4(20, &numbers(&[64, 1, 64])), false),
        ("DSA, bound for nothing", v4(17, &numbers(&[64, 20, 64, 64])), true),
        ("an unknown algorithm", v4(21, &numbers(&[64, 64])), false),
        ("a private algorithm", v4(100, &numbers(&[64, 64])), false),
        ("ECDH on Curve25519", v4(18, &ecdh(&CV25519, &point, &kdf)), true),
        ("its point without prefix", v4(18, &ecdh(&CV25519, &[9; 33], &kdf)), true),
        ("its point too short", v4(18, &ecdh(&CV25519, &cv25519_point(32), &kdf)), false),
        ("a KDF of version 2", v4(18, &ecdh(&CV25519, &point, &[3, 2, 8, 7])), false),
        ("a KDF with SHA-1", v4(18, &ecdh(&CV25519, &point, &[3, 1, 2, 7])), false),
        ("a KDF with SHA-224", v4(18, &ecdh(&CV25519, &point, &[3, 1, 11, 7])), true),
        ("a KDF with IDEA", v4(18, &ecdh(&CV25519, &point, &[3, 1, 8, 1])), false),
        ("a KDF with 3DES", v4(18, &ecdh(&CV25519, &point, &[3, 1, 8, 2])), true),
        ("a KDF with Camellia", v4(18, &ecdh(&CV25519, &point, &[3, 1, 8, 11])), false),
        ("a longer KDF", v4(18, &ecdh(&CV25519, &point, &[4, 1, 8, 7, 9])), true),
        ("a shorter KDF", v4(18, &ecdh(&CV25519, &point, &[2, 1, 8])), false),
        ("an empty KDF", v4(18, &ecdh(&CV25519, &point, &[0])), false),
        ("ECDH on P-256, any point", v4(18, &ecdh(&P256, &[4], &kdf)), true),
        ("ECDH on X448", v4(18, &ecdh(&X448, &cv25519_point(57), &kdf)), true),
        ("ECDH on Ed25519", v4(18, &ecdh(&ED25519, &point, &kdf)), false),
        ("ECDH on P-192", v4(18, &ecdh(&P192, &[4], &kdf)), false),
        ("ECDSA, point not on the curve", v4(19, &[&P256[..], &mpi(&[&[4][..], &[7; 64]].concat())].concat()), false),
        ("ECDSA on Ed25519", v4(19, &[&ED25519[..], &mpi(&point)].concat()), false),
        ("EdDSA", v4(22, &[&ED25519[..], &mpi(&point)].concat()), true),
        ("EdDSA with prefix 4", v4(22, &[&ED25519[..], &mpi(&[&[4][..], &[7; 32]].concat())].concat()), false),
        ("EdDSA on P-256", v4(22, &[&P256[..], &mpi(&point)].concat()), false),
        ("an object identifier of no octets", v4(18, &ecdh(&[0], &point, &kdf)), false),
        ("X25519", v4(25, &[9; 32]), true),
        ("X25519, truncated", v4(25, &[9; 31]), false),
        ("X448", v4(26, &[9; 56]), true),
        ("Ed448", v4(28, &[9; 57]), true),
        ("ML-DSA in version 4", v4(30, &[9; 1984]), false),
        ("SLH-DSA in version 4", v4(32, &[9; 32]), false),
        ("version 5", [&[5, 0, 0, 0, 1, 25, 0, 0, 0, 32][..], &[9; 32]].concat(), false),
        ("version 3", [&[3, 0, 0, 0, 1, 0, 0, 1][..], &numbers(&[128, 3])].concat(), false),
        ("nothing", Vec::new(), false),
    ] {
        let mut cert = Forged::ed25519();
        let data = [cert.primary.hashed(), if body.is_empty() { Vec::new() } else { hashed_key(&body) }].concat();
        let binding = Sig::new(BINDING, &cert.primary).over(&data, &cert.primary);
        cert.push(SUBKEY, body.clone()).push(SIGNATURE, binding.clone());
        let record = stored(&cert);
        assert_kept(&record, SUBKEY, &body, kept, name);
        assert_kept(&record, SIGNATURE, &binding, kept, name);
    }
}

/// Version 6 keys have no legacy forms.
#[test]
fn version_6_subkeys() {
    for (name, body, kept) in [
        ("X25519", v6_body(25, &[9; 32]), true),
        ("Ed25519", v6_body(27, &[9; 32]), true),
        ("EdDSA", v6_body(22, &[&ED25519[..], &mpi(&cv25519_point(33))].concat()), false),
        ("ECDH on Curve25519", v6_body(18, &ecdh(&CV25519, &cv25519_point(33), &[3, 1, 8, 7])), false),
        ("ECDH on P-256", v6_body(18, &ecdh(&P256, &[4], &[3, 1, 8, 7])), true),
        ("RSA", v6_body(2, &[mpi(&[0x81; 128]), mpi(&[1, 0, 1])].concat()), true),
        ("SLH-DSA", v6_body(32, &[9; 32]), true),
    ] {
        let mut cert = Forged::new(Signer::ed25519_v6());
        let subkey = Signer::public(body.clone());
        cert.subkey(&subkey, &body);
        assert_kept(&stored(&cert), SUBKEY, &body, kept, name);
    }
}

/// Octets after the last field belong neither to the fingerprint nor to signatures, but to the
/// packet: whoever came first stays, on every server.
#[test]
fn octets_after_the_last_field() {
    let subkey = Signer::x25519();
    let mut cert = Forged::ed25519();
    cert.subkey(&subkey, &subkey.body.clone());
    let plain = stored(&cert);
    let garbage = |tag: u8| {
        let mut packets = cert.packets.clone();
        packets.iter_mut().filter(|packet| packet.0 == tag).for_each(|packet| packet.1.push(0x55));
        packets
    };
    for tag in [6, 14] {
        let mut with = Forged { primary: Signer::public(cert.primary.body.clone()), packets: garbage(tag) };
        let record = stored(&with);
        assert_eq!(record.keys, plain.keys, "tag {tag}");
        assert_ne!(record.digests, plain.digests, "tag {tag}");
        assert_eq!(merge(&record.packets, &cert.octets()), Ok(None), "the stored packet wins, tag {tag}");
        assert_eq!(merge(&plain.packets, &with.octets()), Ok(None), "the stored packet wins, tag {tag}");
        with.packets.extend(cert.packets.iter().filter(|packet| packet.0 == 14).cloned());
        assert_eq!(stored(&with), record, "one of two subkeys with one fingerprint stays, tag {tag}");
    }
}

/// Old and odd keys are in the network; a server that cannot verify them loses their certificates.
#[test]
fn primary_keys_of_all_kinds_and_sizes() {
    type Secret4 = Key4<SecretParts, UnspecifiedRole>;
    type Secret6 = Key6<SecretParts, UnspecifiedRole>;
    for (name, primary) in [
        ("RSA 1024", Signer::rsa(1024)),
        ("RSA 1023", Signer::rsa(1023)),
        ("RSA 1128", Signer::rsa_mersenne(&[521, 607])),
        ("RSA 1886", Signer::rsa_mersenne(&[607, 1279])),
        ("RSA 16504, which the backend refuses", Signer::rsa_mersenne(&[127, 2203, 2281, 3217, 4253, 4423])),
        ("DSA 1024", Signer::v4(Secret4::generate_dsa(1024).unwrap())),
        ("DSA 512, q of 160 bits", Signer::dsa(DSA_160[0], DSA_160[1], DSA_160[2], DSA_160[3])),
        ("DSA 512, q of 168 bits", Signer::dsa(DSA_168[0], DSA_168[1], DSA_168[2], DSA_168[3])),
        ("P-256", Signer::ecdsa(Curve::NistP256)),
        ("P-384", Signer::ecdsa(Curve::NistP384)),
        ("P-521", Signer::ecdsa(Curve::NistP521)),
        ("brainpoolP256r1", Signer::ecdsa(Curve::BrainpoolP256)),
        ("brainpoolP384r1", Signer::ecdsa(Curve::BrainpoolP384)),
        ("brainpoolP512r1", Signer::ecdsa(Curve::BrainpoolP512)),
        ("secp256k1", Signer::secp256k1()),
        ("EdDSA", Signer::ed25519_legacy()),
        ("EdDSA on Ed448", Signer::ed448_legacy()),
        ("Ed25519", Signer::ed25519()),
        ("Ed448", Signer::v4(Secret4::generate_ed448().unwrap())),
        ("version 6 Ed25519", Signer::ed25519_v6()),
        ("version 6 Ed448", Signer::v6(Secret6::generate_ed448().unwrap())),
        ("version 6 P-256", Signer::v6(Secret6::generate_ecc(true, Curve::NistP256).unwrap())),
    ] {
        let cert = Forged::new(primary);
        let record = normalise(&cert.octets()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(split(&record.packets).len(), 3, "{name}");
        assert_eq!(record.fingerprint.as_bytes(), cert.primary.fingerprint(), "{name}");
        assert!(record.digests.v23.is_some() && record.digests.v23 == record.digests.v24, "{name}");
    }
}

/// The subgroup order of DSA must have a whole number of octets, or nothing verifies.
#[test]
fn dsa_with_an_odd_subgroup_order() {
    let cert = Forged::new(Signer::dsa(DSA_161[0], DSA_161[1], DSA_161[2], DSA_161[3]));
    assert!(normalise(&cert.octets()).is_err());
}

/// p, q, g and x, with q of 168 bits.
const DSA_168: [&str; 4] = [
    "8a5a2f34af75c10b395250c32dd1b62c00a876576db086068681a51c22c476d2f87873857cc34d65f508d284c22ce9a32d75995c67e3db6fd75fa79817e0ff45",
    "b405e999f3842e7fc229540a6eb12aa1f6d42fddbb",
    "75e12f2065fa5a8595716ddcfab0790d8a2d253a0cb5b6c884e44c0cf75b8dcf259c7b72b22ef361220f09451e16f9bc584653d9236dba375453e57baafd1c23",
    "5ad4183d4909ef9c651d4788c866c06d97adccd683",
];
/// p, q, g and x, with q of 161 bits.
const DSA_161: [&str; 4] = [
    "a80a56ff916a5ab9d435497afcb72b9cf3940bafef74b6bd74984df76b9bc29d3b332b8e94b3aa16f278e5ca99a8f4892de4ad2357e75b7523115e4c5e1ad681",
    "1f5354d3a442f246871b058b154c50c199fbf9fb3",
    "619259b94e7cf9801389c3827b146496b4727d4f857827bb042da405edb0270dd4110ea44be3c67a304e5229d68697a5ea7bddb7bae09ffae08bcea8a9292d38",
    "d400af2e994aaea61e2f90ec89e9833700600f50",
];
/// p, q, g and x, with q of 160 bits.
const DSA_160: [&str; 4] = [
    "a6c7d9fcb9e7b38684fd99f7db88ac0a38ca5c51e87f9a36ce3ff283df8469b1032432886bb4127246699463f89d3c7a7e0facd7829a5bb4080b7f0387f87b5f",
    "82a0de97fe836c63e5235bd5f83d05c66ffb8021",
    "6364931d9f791286feb6036fe355cd7c6a7eaaf0e43673e2b7d3696a0a36cb65978aa40bf1b807a48c90b8ce6f621d0f3b6fe3a853b0c605912528c10a750233",
    "39d5eea0dd573bc5b70d7b4c42421bdb9251db93",
];
