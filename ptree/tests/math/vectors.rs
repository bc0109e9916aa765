//! Numbers, sets and trees that other implementations computed.

use std::collections::{BTreeMap, BTreeSet};

use md5::{Digest, Md5};
use ptree::field::Fp;
use ptree::params::POINTS;
use ptree::{Element, Prefix, Samples, Tree, Unsolved, solve};
use serde_json::Value;

macro_rules! data {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../data/", $name, ".json"))).unwrap()
    };
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap()
}

/// Octets from hexadecimal digits.
fn octets<const N: usize>(hex: &str) -> [u8; N] {
    assert_eq!(hex.len(), 2 * N);
    std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
}

/// The 17 octets of a number in decimal digits, computed without the field.
fn decimal(digits: &str) -> [u8; 17] {
    let mut number = [0_u8; 17];
    for digit in digits.bytes() {
        let mut carry = u32::from(digit - b'0');
        for octet in &mut number {
            carry += u32::from(*octet) * 10;
            *octet = u8::try_from(carry % 256).unwrap();
            carry /= 256;
        }
        assert_eq!(carry, 0);
    }
    number
}

fn field(hex: &Value) -> Fp {
    Fp::from_le17(&octets(hex.as_str().unwrap())).unwrap()
}

fn element(le17: &Value) -> Element {
    let [digest @ .., last] = octets::<17>(le17.as_str().unwrap());
    assert_eq!(last, 0);
    Element::new(digest).unwrap()
}

fn elements(le17: &Value) -> BTreeSet<Element> {
    rows(le17).iter().map(element).collect()
}

fn samples(le17: &Value) -> Samples {
    let values: Vec<Fp> = rows(le17).iter().map(field).collect();
    Samples::new(values.try_into().unwrap())
}

fn named(name: &str, count: usize) -> Vec<Element> {
    (0..count).map(|at| Element::new(Md5::digest(format!("{name}-{at}")).into()).unwrap()).collect()
}

fn prefix(bits: &str) -> Prefix {
    let mut octets = vec![0; bits.len().div_ceil(8)];
    for (at, _) in bits.bytes().enumerate().filter(|(_, bit)| *bit == b'1') {
        octets[at / 8] |= 0x80 >> (at % 8);
    }
    Prefix::from_octets(bits.len().try_into().unwrap(), &octets).unwrap()
}

/// Arithmetic agrees in every row, those with 0, 1, p - 1 and numbers around 2^128 among them.
#[test]
fn arithmetic() {
    let data = data!("field");
    for row in rows(&data["ops"]) {
        let (a, b) = (field(&row["a_le17"]), field(&row["b_le17"]));
        assert_eq!((a.to_le17(), b.to_le17()), (decimal(text(row, "a")), decimal(text(row, "b"))));
        let [low, middle, high] = [0, 8, 16].map(|from| {
            b.to_le17()[from..].iter().take(8).rev().fold(0_u64, |limb, octet| limb << 8 | u64::from(*octet))
        });
        let results =
            [("add", a + b), ("sub", a - b), ("mul", a * b), ("neg_a", -a), ("a_pow_b", a.pow([low, middle, high]))];
        for (name, result) in results {
            assert_eq!(result.to_le17(), decimal(text(row, name)), "{name} of {row}");
        }
        match b.inverse() {
            Some(inverse) => {
                assert_eq!(inverse.to_le17(), decimal(text(row, "inv_b")), "{row}");
                assert_eq!((a * inverse).to_le17(), decimal(text(row, "div")), "{row}");
            }
            None => assert!(row.get("inv_b").is_none(), "{row}"),
        }
    }
}

/// Of encodings, only those below the prime are read; others, which two numbers could share, are not.
#[test]
fn encodings() {
    let data = data!("field");
    let prime: [u8; 17] = octets(text(&data, "p_le17"));
    assert_eq!(prime, decimal(text(&data, "p_dec")));
    let constants = data!("constants");
    assert_eq!(prime, decimal(text(&constants, "p_dec")));
    for row in rows(&data["decode_non_canonical"]) {
        let encoded: [u8; 17] = octets(text(row, "in"));
        let canonical = encoded.iter().rev().lt(prime.iter().rev());
        assert_eq!(canonical, text(row, "in") == text(row, "reencoded_le17"));
        match Fp::from_le17(&encoded) {
            Some(number) => assert_eq!((number.to_le17(), canonical), (decimal(text(row, "value")), true)),
            None => assert!(!canonical, "{row}"),
        }
    }
}

/// The points are those of all servers.
#[test]
fn points() {
    let data = data!("zpoints");
    assert_eq!(data["default_num_samples"], POINTS.len());
    for row in rows(&data["zpoints"]) {
        let mut compared = 0;
        for ((point, le17), dec) in POINTS.iter().zip(rows(&row["le17"])).zip(rows(&row["dec"])) {
            assert_eq!(point.to_le17(), octets(le17.as_str().unwrap()));
            assert_eq!(point.to_le17(), decimal(dec.as_str().unwrap()));
            compared += 1;
        }
        assert_eq!(compared, POINTS.len().min(rows(&row["le17"]).len()));
    }
}

/// Digests become elements, and elements find their branches, as in other servers.
#[test]
fn digests() {
    for row in rows(&data!("digests")) {
        let digest: [u8; 16] = octets(text(row, "md5"));
        let number = Fp::from_number(u128::from_le_bytes(digest));
        assert_eq!((number.to_le17(), number.to_le17()), (decimal(text(row, "dec")), octets(text(row, "le17"))));
        let Some(element) = Element::new(digest) else {
            assert!(matches!(text(row, "dec"), "0" | "1" | "2"), "{row}");
            continue;
        };
        assert_eq!(element.digest(), digest);
        let mut length = 0;
        while length <= 128 {
            assert!(prefix(&text(row, "key_bits")[..length]).contains(element), "{row} at {length}");
            length += 2;
        }
        let mut node = Prefix::ROOT;
        for branch in rows(&row["first8_child_index_sks_msb_first"]) {
            node = node.children().unwrap()[usize::try_from(branch.as_u64().unwrap()).unwrap()];
            assert!(node.contains(element), "{row} at {node}");
        }
    }
}

/// Samples of small sets agree, whether elements were only added or also taken away.
#[test]
fn samples_of_small_sets() {
    let small = named("small", 10);
    for row in rows(&data!("svalues_small")) {
        let set = elements(&row["elements_le17"]);
        let expected = samples(&row["svalues_le17"]);
        assert_eq!(Samples::of(set.iter().copied()), expected, "{row}");
        for (value, dec) in expected.values().iter().zip(rows(&row["svalues_dec"])) {
            assert_eq!(value.to_le17(), decimal(dec.as_str().unwrap()));
        }
        let mut others =
            Samples::of(small.iter().copied().chain(set.iter().copied().filter(|one| !small.contains(one))));
        small.iter().filter(|one| !set.contains(one)).for_each(|one| others.exclude(*one));
        assert_eq!(others, expected, "{row}");
    }
}

/// Every node of the other implementation's trees has the same count, samples and elements in ours, also
/// where ours is divided less or more.
#[test]
fn trees() {
    for row in rows(&data!("trees")["trees"]) {
        let count = usize::try_from(row["n"].as_u64().unwrap()).unwrap();
        let mut grown = Tree::new();
        named("tree", count).into_iter().for_each(|element| assert!(grown.insert(element)));
        let built: Tree = named("tree", count).into_iter().collect();
        for tree in [grown, built] {
            tree.check().unwrap();
            for node in rows(&row["nodes"]) {
                let prefix = prefix(text(node, "key_bits"));
                let ours = tree.node(prefix);
                assert_eq!((ours.count, tree.count(prefix)), (ours.count, ours.count));
                assert_eq!(ours.count as u64, node["size"].as_u64().unwrap(), "{prefix}");
                assert_eq!(ours.samples, samples(&node["svalues_le17"]), "{prefix}");
                if ours.count != 51 {
                    assert_eq!(ours.is_leaf, node["leaf"].as_bool().unwrap(), "{prefix}");
                }
                if let Some(expected) = node.get("elements_le17").filter(|expected| !expected.is_null()) {
                    assert_eq!(tree.elements(prefix).collect::<BTreeSet<_>>(), elements(expected), "{prefix}");
                }
            }
        }
    }
}

/// Taking elements away leaves the same samples, and nodes lose their children at the same count.
#[test]
fn joins() {
    let all = named("tree", 60);
    let mut tree: Tree = all.iter().copied().collect();
    for (row, element) in rows(&data!("trees")["join_after_60"]).iter().zip(all) {
        assert!(tree.remove(element));
        let root = tree.node(Prefix::ROOT);
        assert_eq!(root.count as u64, row["root_size"].as_u64().unwrap());
        assert_eq!(root.is_leaf, row["root_leaf"].as_bool().unwrap(), "{row}");
        assert_eq!(root.samples.values()[0], field(&row["root_svalue0"]), "{row}");
        tree.check().unwrap();
    }
}

/// Differences are found in exactly the cases in which the other implementation finds them.
#[test]
fn differences() {
    let data = data!("interpolation");
    let mut results = BTreeMap::<String, usize>::new();
    for row in rows(&data["cases"]) {
        let (remote, local) = (samples(&row["remote_svalues_le17"]), samples(&row["local_svalues_le17"]));
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
            state ^ state >> 29
        };
        let result = solve(&remote, &local, row["d"].as_i64().unwrap(), &mut random);
        match (&result, text(row, "result")) {
            (Ok(found), "ok") => {
                assert!(found.remote_only.iter().copied().eq(elements(&row["remote_only_le17"])), "{row}");
                assert!(found.local_only.iter().copied().eq(elements(&row["local_only_le17"])), "{row}");
                assert!(found.remote_only.iter().copied().eq(elements(&row["recovered_remote_le17"])), "{row}");
                assert!(found.local_only.iter().copied().eq(elements(&row["recovered_local_le17"])), "{row}");
            }
            (Err(Unsolved::NoFraction), "fail: low MBar") | (Err(Unsolved::TooMany), "fail: interpolation failed") => {}
            (_, expected) => panic!("{result:?} instead of {expected}: {row}"),
        }
        *results.entry(text(row, "result").to_owned()).or_default() += 1;
    }
    assert_eq!(results.get("ok"), Some(&21));
}
