//! What a server does that nobody configured, and what Hockeypuck's files leave to their defaults.

use super::Settings;

/// Without any configuration nothing is reachable from other machines, and nothing else is needed.
#[test]
fn nothing_is_configured() {
    let config = Settings::none().good();
    assert_eq!(config.hkp.bind.to_string(), "127.0.0.1:11371");
    assert_eq!(config.metrics.bind.unwrap().to_string(), "127.0.0.1:9626");
    assert_eq!(config.metrics.path, "/metrics");
    assert_eq!(config.store.url.expose(), "sqlite://hockeypuck-data/hockeypuck.sqlite");
    assert_eq!(config.openpgp.max_key_length, Some(1_048_576));
    assert_eq!(config.openpgp.max_packet_length, Some(8192));
    assert_eq!(config.openpgp.max_sig_packet_length, Some(65_536));
    assert_eq!(config.site.max_response_len, Some(268_435_456));
    assert_eq!(config.store.request_query_limit, 100);
}

/// A file of Hockeypuck that leaves addresses and database out gets what Hockeypuck gives it,
/// instead of an empty store on an address that nobody reaches.
#[test]
fn a_file_has_the_defaults_of_hockeypuck() {
    let config = Settings::file("[hockeypuck]\nhostname = \"keys.example.org\"\n").good();
    assert_eq!(config.hkp.bind.to_string(), ":11371");
    assert_eq!(config.metrics.bind.unwrap().to_string(), ":9626");
    let dsn = "postgres:///hockeypuck?host=%2Fvar%2Frun%2Fpostgresql&port=5432&sslmode=disable";
    assert_eq!(config.store.url.expose(), dsn);
}

/// Whoever names a data directory or the embedded database gets it, also with a file.
#[test]
fn the_embedded_database_is_chosen() {
    let sqlite = "sqlite:///srv/keys/hockeypuck.sqlite";
    for settings in [
        Settings::file("[hockeypuck]\ndataDir = \"/srv/keys\"\n"),
        Settings::file("[hockeypuck]\n").flag("data-dir", "/srv/keys"),
        Settings::file("[hockeypuck]\n").variable("HOCKEYPUCK_DATA_DIR", "/srv/keys"),
        Settings::none().flag("data-dir", "/srv/keys"),
    ] {
        assert_eq!(settings.good().store.url.expose(), sqlite);
    }
    let named = Settings::file("[hockeypuck.openpgp.db]\ndriver = \"sqlite\"\n").good();
    assert_eq!(named.store.url.expose(), "sqlite://hockeypuck-data/hockeypuck.sqlite");
}

/// Zero and below switch a limit off, as in Hockeypuck.
#[test]
fn limits_can_be_switched_off() {
    let text = "[hockeypuck]\nmaxResponseLen = 0\n[hockeypuck.openpgp]\nmaxKeyLength = -1\nmaxPacketLength = 0\n";
    let config = Settings::file(text).good();
    assert_eq!(config.site.max_response_len, None);
    assert_eq!((config.openpgp.max_key_length, config.openpgp.max_packet_length), (None, None));
    assert_eq!(config.openpgp.max_sig_packet_length, Some(65_536));
}

/// Metrics can be switched off.
#[test]
fn metrics_can_be_switched_off() {
    assert_eq!(Settings::none().flag("metrics-bind", "none").good().metrics.bind, None);
}
