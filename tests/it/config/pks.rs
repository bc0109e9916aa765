//! Keyservers that certificates are pushed to.

use super::Settings;

/// Every form of target, with the port that its kind has.
#[test]
fn targets_have_ports() {
    let text = r#"[hockeypuck.pks]
from = "admin@keys.example.org"
caFile = "/etc/hockeypuck/authority.pem"
to = ["hkp://a.example.org", "HKPS://b.example.org:8443/", "vks://[2001:db8::1]"]
"#;
    let pks = Settings::file(text).good().pks;
    let targets: Vec<String> = pks.targets.iter().map(ToString::to_string).collect();
    assert_eq!(targets, ["hkp://a.example.org:11371", "hkps://b.example.org:8443", "vks://[2001:db8::1]:443"]);
    assert_eq!(pks.from, "admin@keys.example.org");
    assert_eq!(pks.ca_file.as_deref(), Some(std::path::Path::new("/etc/hockeypuck/authority.pem")));
}

/// Mail is refused with a reason, as is what is no target; nobody thinks that he is told of changes who is not.
#[test]
fn other_targets_are_refused() {
    for target in ["mailto:pgp@example.org", "pgp@example.org"] {
        let told = Settings::none().variable("HOCKEYPUCK_PKS_TO", target).problems();
        let expected =
            "expected no address of mail: certificates are not sent by mail, only to hkp://, hkps:// and vks://";
        assert_eq!(told, format!("error: HOCKEYPUCK_PKS_TO: pks.to = \"{target}\": {expected}"));
    }
    for target in ["keys.example.org", "http://keys.example.org", "hkp://", "hkp://a:0", "hkp://a/path", "hkp://u@a"] {
        let told = Settings::none().variable("HOCKEYPUCK_PKS_TO", target).problems();
        assert!(told.starts_with("error: ") && told.contains("hkp://keys.example.org"), "{target}: {told}");
    }
}

/// What mail was configured with is no mistake.
#[test]
fn settings_of_mail_are_not_needed() {
    let told = Settings::file("[hockeypuck.pks.smtp]\nhost = \"localhost:25\"\n").problems();
    assert_eq!(told, "note: hockeypuck.conf:2: pks.smtp.host is not needed and has no effect");
}
