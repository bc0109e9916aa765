//! Administrators and the blocklist of the configuration.

use super::Settings;

const V4: &str = "0123456789abcdef0123456789abcdef01234567";
const V6: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Fingerprints of both lengths in any case, with and without `0x`, from the file and from the environment; none by
/// default.
#[test]
fn fingerprints_are_read() {
    let none = Settings::none().good();
    assert!(none.admin.keys.is_empty() && none.openpgp.blacklist.is_empty());
    let (v4, v6) = (V4.parse().unwrap(), V6.parse().unwrap());
    let upper = V4.to_uppercase();
    let text =
        format!("[hockeypuck]\nadminKeys = [\"0x{upper}\", \"{V6}\"]\nopenpgp.blacklist = [\"{V6}\", \"{upper}\"]\n");
    let config = Settings::file(&text).good();
    assert_eq!((config.admin.keys, config.openpgp.blacklist), (vec![v4, v6], vec![v6, v4]));
    let environment = Settings::none()
        .variable("HOCKEYPUCK_ADMINKEYS", &format!("{V4}, 0X{V6}"))
        .variable("HOCKEYPUCK_OPENPGP_BLACKLIST", V4);
    let config = environment.good();
    assert_eq!((config.admin.keys, config.openpgp.blacklist), (vec![v4, v6], vec![v4]));
}

/// What is no fingerprint of a primary key keeps the server from starting: who is listed there must count.
#[test]
fn others_are_mistakes() {
    let settings = Settings::file("[hockeypuck]\nadminKeys = [\"0123456789ABCDEF\"]\nopenpgp.blacklist = [\"spam\"]\n");
    insta::assert_snapshot!(settings.problems(), @r#"
    error: hockeypuck.conf:2: adminKeys = ["0123456789ABCDEF"]: expected fingerprints of 40 or 64 hexadecimal digits
    error: hockeypuck.conf:3: openpgp.blacklist = ["spam"]: expected fingerprints of 40 or 64 hexadecimal digits
    "#);
}

/// A blocklist grows with the years.
#[test]
fn blocklists_may_be_long() {
    let list: Vec<String> = (0..5000).map(|number| format!("{number:040x}")).collect();
    let settings = Settings::none().variable("HOCKEYPUCK_OPENPGP_BLACKLIST", &list.join(","));
    assert_eq!(settings.good().openpgp.blacklist.len(), 5000);
}
