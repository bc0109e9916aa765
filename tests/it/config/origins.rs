//! Which source wins.

use hockeypuck::telemetry::log::Level;

use super::Settings;

const FILE: &str = "[hockeypuck.hkp]\nbind = \"10.0.0.1:1\"\n";

/// Flags are stronger than the environment, which is stronger than the file, which is stronger than defaults.
#[test]
fn flags_over_environment_over_file_over_defaults() {
    let file = || Settings::file(FILE);
    let variable = || file().variable("HOCKEYPUCK_BIND", "10.0.0.2:2");
    assert_eq!(file().good().hkp.bind.to_string(), "10.0.0.1:1");
    assert_eq!(variable().good().hkp.bind.to_string(), "10.0.0.2:2");
    assert_eq!(variable().flag("bind", "10.0.0.3:3").good().hkp.bind.to_string(), "10.0.0.3:3");
}

/// The report tells for each value where it comes from, down to the line.
#[test]
fn every_value_has_its_origin() {
    let text = "[hockeypuck]\nhostname = \"keys.example.org\"\n\n[hockeypuck.hkp]\nbind = \"10.0.0.1:1\"\n";
    let settings = Settings::file(text).variable("HOCKEYPUCK_CONTACT", "operator").flag("metrics-bind", "127.0.0.1:9");
    insta::assert_snapshot!(settings.shown("hostname"), @r#"hostname = "keys.example.org" # hockeypuck.conf:2"#);
    insta::assert_snapshot!(settings.shown("contact"), @r#"contact = "operator" # HOCKEYPUCK_CONTACT"#);
    insta::assert_snapshot!(settings.shown("hkp.bind"), @r#"hkp.bind = "10.0.0.1:1" # hockeypuck.conf:5"#);
    insta::assert_snapshot!(settings.shown("metrics"), @r#"
    metrics.metricsAddr = "127.0.0.1:9" # --metrics-bind
    metrics.metricsPath = "/metrics" # default
    "#);
}

/// Every setting can come from the environment, by the name of its flag or else of its key. An
/// empty variable is none, because supervisors set such.
#[test]
fn every_setting_has_a_variable() {
    let config = Settings::none()
        .variable("HOCKEYPUCK_HKP_QUERIES_ENABLEINEXACT", "true")
        .variable("HOCKEYPUCK_OPENPGP_MAXKEYLENGTH", "77")
        .variable("HOCKEYPUCK_DATABASE_URL", "sqlite:elsewhere")
        .variable("HOCKEYPUCK_LOG_LEVEL", "WARNING")
        .variable("HOCKEYPUCK_BIND", "")
        .good();
    assert!(config.hkp.queries.enable_inexact);
    assert_eq!(config.openpgp.max_key_length, Some(77));
    assert_eq!(config.store.url.expose(), "sqlite:elsewhere");
    assert_eq!(config.log.level, Level::Warn);
    assert_eq!(config.hkp.bind.to_string(), "127.0.0.1:11371");
}

/// Variables of the same prefix that are no settings, such as those that Kubernetes sets for a
/// service of this name, do no harm.
#[test]
fn other_variables_are_left_alone() {
    let settings = Settings::none()
        .variable("HOCKEYPUCK_PORT", "tcp://10.152.183.7:11371")
        .variable("HOCKEYPUCK_SERVICE_HOST", "10.152.183.7");
    settings.good();
}

/// Keys are recognised in any case, as in Hockeypuck.
#[test]
fn keys_have_any_case() {
    let text = "[Hockeypuck]\nHostName = \"a\"\n[HOCKEYPUCK.HKP]\nBIND = \":1\"\nqueries.enableinexact = true\n";
    let config = Settings::file(text).good();
    assert_eq!((config.site.hostname.as_str(), config.hkp.bind.to_string().as_str()), ("a", ":1"));
    assert!(config.hkp.queries.enable_inexact);
}

/// Hockeypuck's names of levels are understood.
#[test]
fn levels_have_the_names_of_hockeypuck() {
    for (name, level) in
        [("panic", Level::Error), ("Fatal", Level::Error), ("WARN", Level::Warn), ("trace", Level::Trace)]
    {
        let text = format!("[hockeypuck]\nloglevel = \"{name}\"\n");
        assert_eq!(Settings::file(&text).good().log.level, level);
    }
}
