//! HKP over TLS.

use std::path::Path;

use super::Settings;

/// Without an address HKP is not served over TLS; with one, the certificate and the key belong to it.
#[test]
fn an_address_turns_it_on() {
    assert_eq!(Settings::none().good().hkps, None);
    let text = "[hockeypuck.hkps]\nbind = \":443\"\ncert = \"/etc/c.pem\"\nkey = \"/etc/k.pem\"\n";
    let hkps = Settings::file(text).good().hkps.unwrap();
    assert_eq!(
        (hkps.bind.to_string(), &*hkps.cert, &*hkps.key),
        (":443".into(), Path::new("/etc/c.pem"), Path::new("/etc/k.pem"))
    );
}

/// Nobody believes to serve HKP over TLS who does not, and what is missing has its name.
#[test]
fn half_of_it_is_told() {
    let told = Settings::file("[hockeypuck.hkps]\nbind = \":443\"\ncert = \"c.pem\"\n").problems();
    assert_eq!(told, "error: hkps.key: expected a PEM file beside hkps.bind");
    let told = Settings::file("[hockeypuck.hkps]\ncert = \"c.pem\"\nkey = \"k.pem\"\n").problems();
    assert_eq!(told, "warning: hkps.bind: HKP is not served over TLS without an address such as \":443\"");
}
