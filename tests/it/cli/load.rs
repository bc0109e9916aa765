//! `load`: every certificate of a keyring has its place in the account.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::keyrings::{NONUPLOAD, armored, certificates, octets};
use super::program::Place;

/// The second load of the same keyring changes nothing, and says so.
#[test]
fn a_keyring_is_loaded_once() {
    let place = Place::new();
    let first = place.run(&["load", NONUPLOAD]).expect_success();
    assert_eq!(first, "36 read = 36 inserted + 0 updated + 0 unchanged + 0 rejected\n");
    let second = place.run(&["load", NONUPLOAD]).expect_success();
    assert_eq!(second, "36 read = 0 inserted + 0 updated + 36 unchanged + 0 rejected\n");
    let found = place.run(&["lookup", "--op", "index", "emorrp1@debian.org"]).expect_success();
    assert!(found.contains("2c429f5dd6b7f023bd300993453f8d999f113609"), "{found}");
}

/// Standard input, binary and armored, is as good as a file.
#[test]
fn standard_input_is_loaded() {
    let place = Place::new();
    let certificates = certificates();
    let binary = place.run_with_input(&["load", "-"], &certificates[..20].concat()).expect_success();
    assert_eq!(binary, "20 read = 20 inserted + 0 updated + 0 unchanged + 0 rejected\n");
    let armor = place.run_with_input(&["load", "-"], &armored(&certificates)).expect_success();
    assert_eq!(armor, "36 read = 16 inserted + 0 updated + 20 unchanged + 0 rejected\n");
}

/// Patterns and directories mean the keyrings that they hold; other files of directories are left alone.
#[test]
fn patterns_and_directories_are_loaded() {
    let place = Place::new();
    let certificates = certificates();
    std::fs::create_dir_all(place.path().join("dump/more")).unwrap();
    for (number, certificate) in certificates.iter().enumerate() {
        let directory = if number % 2 == 0 { "dump" } else { "dump/more" };
        place.write(&format!("{directory}/{number:02}.pgp"), certificate);
    }
    place.write("dump/metadata.txt", "36 certificates");
    let tens = place.run(&["load", "dump/1*.pgp", "dump/more/1?.pgp"]).expect_success();
    assert_eq!(tens, "10 read = 10 inserted + 0 updated + 0 unchanged + 0 rejected\n");
    let all = place.run(&["load", "dump"]).expect_success();
    assert_eq!(all, "36 read = 26 inserted + 0 updated + 10 unchanged + 0 rejected\n");
}

/// The part of a certificate that came first is completed by the rest: loads merge.
#[test]
fn loads_merge() {
    let place = Place::new();
    let whole = certificates().into_iter().max_by_key(bytes::Bytes::len).unwrap();
    let part = first_user_id_only(&whole);
    place.write("part.pgp", &part);
    place.write("whole.pgp", &whole);
    place.run(&["load", "part.pgp"]).expect_success();
    let merged = place.run(&["load", "whole.pgp"]).expect_success();
    assert_eq!(merged, "1 read = 0 inserted + 1 updated + 0 unchanged + 0 rejected\n");
}

/// The packets before the second user ID.
fn first_user_id_only(certificate: &bytes::Bytes) -> Vec<u8> {
    use hockeypuck::cert::frame::{Framed, next_packet};
    let (mut position, mut user_ids) = (0, 0);
    while let Ok(Framed::Packet(packet, length)) = next_packet(&certificate.slice(position..), true) {
        user_ids += usize::from(packet.tag == 13);
        if user_ids == 2 {
            return certificate[..position].to_vec();
        }
        position += length;
    }
    panic!("the certificate has one user ID only");
}

/// A truncated file is no success: the certificate at the cut is rejected and all others are stored.
#[test]
fn a_truncated_file_is_told() {
    let place = Place::new();
    let keyring = octets(NONUPLOAD);
    place.write("cut.gpg", &keyring[..keyring.len() - 100]);
    insta::assert_snapshot!(place.run(&["load", "cut.gpg"]).shown(), @r"
    36 read = 35 inserted + 0 updated + 0 unchanged + 1 rejected (1 framing)
    --- stderr
    hockeypuck: cut.gpg at octet 741044: not stored: the packets cannot be read: the data ends within a packet
    --- exit 1
    ");
}

/// Garbage between certificates costs none of them, and is no success.
#[test]
fn garbage_between_certificates_is_told() {
    let place = Place::new();
    let certificates = certificates();
    let keyring = [&certificates[..10].concat()[..], b"this is no packet", &certificates[10..].concat()].concat();
    place.write("garbage.gpg", keyring);
    insta::assert_snapshot!(place.run(&["load", "garbage.gpg"]).shown(), @r"
    36 read = 36 inserted + 0 updated + 0 unchanged + 0 rejected
    --- stderr
    hockeypuck: garbage.gpg at octet 142923: 17 octets are no packets
    --- exit 1
    ");
}

/// What is not stored is in the rejects file, from which it can be looked at again; that is an account.
#[test]
fn rejects_are_kept() {
    let place = Place::new();
    let good = &certificates()[0];
    let bare_key = first_packet(good);
    place.write("mixed.pgp", [&bare_key[..], good].concat());
    insta::assert_snapshot!(place.run(&["load", "mixed.pgp"]).shown(), @r"
    2 read = 1 inserted + 0 updated + 0 unchanged + 1 rejected (1 no_valid_self_signature)
    --- stderr
    hockeypuck: mixed.pgp at octet 0: f6258df2bff9a73f5b1e15c306456dd791e95791 not stored: no valid self-signatures
    --- exit 0
    ");
    let kept = place.run(&["load", "--data-dir", "other", "--rejects", "rejects.pgp", "mixed.pgp"]);
    insta::assert_snapshot!(kept.shown(), @r"
    2 read = 1 inserted + 0 updated + 0 unchanged + 1 rejected (1 no_valid_self_signature)
    --- stderr
    --- exit 0
    ");
    assert_eq!(place.read("rejects.pgp"), bare_key);
    let inspected = place.run(&["inspect", "rejects.pgp"]);
    assert_eq!(inspected.code, Some(1));
}

fn first_packet(certificate: &bytes::Bytes) -> Vec<u8> {
    use hockeypuck::cert::frame::{Framed, next_packet};
    let Ok(Framed::Packet(_, length)) = next_packet(certificate, true) else { panic!("no packet") };
    certificate[..length].to_vec()
}

/// Files that are missing do not keep the others from being loaded, but from success.
#[test]
fn missing_files_are_told() {
    let place = Place::new();
    place.write("good.pgp", certificates().concat());
    insta::assert_snapshot!(place.run(&["load", "missing.pgp", "good.pgp"]).shown(), @r"
    36 read = 36 inserted + 0 updated + 0 unchanged + 0 rejected
    --- stderr
    hockeypuck: missing.pgp cannot be read whole: No such file or directory (os error 2)
    --- exit 1
    ");
}

/// Ctrl-C ends a load that waits for more input, and tells what was loaded until then.
#[test]
fn a_load_can_be_interrupted() {
    let place = Place::new();
    let mut command = place.command(&["load", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&octets(NONUPLOAD)).unwrap();
    // The program is ready for signals before it touches the database.
    let database = place.path().join("hockeypuck-data/hockeypuck.sqlite");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !database.exists() {
        assert!(Instant::now() < deadline, "the load does not begin");
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let [told, complaint] = [output.stdout, output.stderr].map(|octets| String::from_utf8(octets).unwrap());
    assert_eq!(output.status.code(), Some(130), "{told}{complaint}");
    assert!(told.contains(" read = "), "{told}");
    assert!(complaint.contains("stopped before the end"), "{complaint}");
    drop(stdin);
}

/// Several loads of the same keyring at once lose nothing and count every certificate as new once.
#[test]
fn loads_run_side_by_side() {
    let place = Place::new();
    place.run(&["migrate"]).expect_success();
    let outputs: Vec<String> = std::thread::scope(|scope| {
        let loads: Vec<_> = (0..3).map(|_| scope.spawn(|| place.run(&["load", NONUPLOAD]).expect_success())).collect();
        loads.into_iter().map(|load| load.join().unwrap()).collect()
    });
    let inserted: u64 = outputs.iter().map(|output| number_before(output, " inserted")).sum();
    assert_eq!(inserted, 36, "{outputs:?}");
    assert!(outputs.iter().all(|output| output.starts_with("36 read = ")), "{outputs:?}");
}

fn number_before(text: &str, word: &str) -> u64 {
    text.split(word).next().and_then(|before| before.split_whitespace().last()?.parse().ok()).unwrap()
}
