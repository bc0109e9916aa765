//! What the charm sets, with the file of its image and without any.

use hockeypuck::config::DatabaseUrl;

use super::Settings;

const ADMIN: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const OTHER: &str = "89ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF01234567";

/// A file in the manner of the one in the image of the charm.
const FILE: &str = r#"[hockeypuck]
loglevel = "INFO"
hostname = "{{ .APP_BASE_URL }}"
contact = "{{ .APP_CONTACT_FINGERPRINT }}"
adminKeys = [
{{- range $i, $key := splitList "," .APP_ADMIN_KEYS }}
  {{- if $i }},{{ end }} "{{ trim $key }}"
{{- end }} ]

[hockeypuck.hkp]
bind = ":11371"
logRequestDetails = false

[hockeypuck.openpgp]
maxPacketLength = 8192
maxKeyLength = 1048576
{{ if .APP_BLOCKLIST_FINGERPRINTS -}}
blacklist = [{{ range $key := splitList "," .APP_BLOCKLIST_FINGERPRINTS }}"{{ $key }}",{{ end }}]
{{- end }}

[hockeypuck.openpgp.db]
driver = "postgres-jsonb"
dsn = "database={{ .POSTGRESQL_DB_NAME }} host={{ .POSTGRESQL_DB_HOSTNAME }} user={{ .POSTGRESQL_DB_USERNAME }} password={{ .POSTGRESQL_DB_PASSWORD }} port={{ .POSTGRESQL_DB_PORT }} sslmode=disable"

[hockeypuck.conflux.recon]
allowCIDRs = ["127.0.0.1/8"]

[hockeypuck.conflux.recon.leveldb]
path = "/hockeypuck/data/ptree"

{{ range $i, $peer := splitList "\n" .APP_EXTERNAL_PEERS -}}
{{ if ne (trim $peer) "" -}}
{{ $fields := splitList "," (trim $peer) -}}
[hockeypuck.conflux.recon.partner.peer{{ add $i 1 }}]
httpAddr = "{{ index $fields 0 }}:{{ index $fields 1 }}"
reconAddr = "{{ index $fields 0 }}:{{ index $fields 2 }}"
{{ end }}{{ end }}
"#;

/// The environment of the service.
fn deployed(settings: Settings) -> Settings {
    [
        ("APP_PORT", "8080"),
        ("APP_METRICS_PORT", "9626"),
        ("APP_METRICS_PATH", "/metrics"),
        ("APP_SECRET_KEY", "verysecretverysecretverysecret"),
        ("APP_BASE_URL", "http://hockeypuck-k8s.model:11371"),
        ("APP_PEER_FQDNS", "hockeypuck-k8s-1.hockeypuck-k8s-endpoints.model.svc.cluster.local"),
        ("APP_EXTERNAL_PEERS", "10.1.39.11,11371,11370\n10.1.39.12,80,11380\n"),
        ("APP_CONTACT_FINGERPRINT", ADMIN),
        ("POSTGRESQL_DB_CONNECT_STRING", "postgresql://hkp:pass@db.model:5432/keys"),
        ("POSTGRESQL_DB_SCHEME", "postgresql"),
        ("POSTGRESQL_DB_NETLOC", "hkp:pass@db.model:5432"),
        ("POSTGRESQL_DB_PATH", "/keys"),
        ("POSTGRESQL_DB_USERNAME", "hkp"),
        ("POSTGRESQL_DB_PASSWORD", "pass"),
        ("POSTGRESQL_DB_HOSTNAME", "db.model"),
        ("POSTGRESQL_DB_PORT", "5432"),
        ("POSTGRESQL_DB_NAME", "keys"),
        ("OTEL_SERVICE_NAME", "hockeypuck"),
        ("http_proxy", "http://proxy:3128"),
    ]
    .into_iter()
    .fold(settings, |settings, (name, value)| settings.variable(name, value))
    .variable("APP_ADMIN_KEYS", &format!("{ADMIN},{OTHER}"))
}

/// The charm's file means what it means for Hockeypuck; where it says something, the variables do not.
#[test]
fn the_file_of_the_charm() {
    let settings = deployed(Settings::file(FILE));
    let problems = settings.problems();
    assert_eq!(problems, "note: hockeypuck.conf:29: conflux.recon.leveldb.path is not needed and has no effect");
    let config = settings.load().config;
    assert_eq!(config.hkp.bind.to_string(), ":11371");
    assert_eq!(config.site.hostname, "hockeypuck-k8s.model");
    assert_eq!(config.site.contact, ADMIN);
    let keys: Vec<String> = config.admin.keys.iter().map(|key| key.to_string().to_uppercase()).collect();
    assert_eq!(keys, [ADMIN, OTHER]);
    assert!(config.openpgp.blacklist.is_empty());
    let dsn = "postgres:///?dbname=keys&host=db.model&user=hkp&password=pass&port=5432&sslmode=disable";
    assert_eq!(config.store.url.expose(), dsn);
    let peers: Vec<String> =
        config.recon.partners.iter().map(|peer| peer.recon.as_ref().unwrap().to_string()).collect();
    assert_eq!(peers, ["10.1.39.11:11370", "10.1.39.12:11380"]);
    assert_eq!(config.recon.bind.unwrap().to_string(), ":11370");
    assert_eq!(settings.shown("contact"), format!("contact = \"{ADMIN}\" # hockeypuck.conf:4"));
    let blocked = settings.variable("APP_BLOCKLIST_FINGERPRINTS", &format!("{OTHER},{ADMIN}"));
    assert_eq!(blocked.load().config.openpgp.blacklist.len(), 2);
}

/// Without a file, the variables are enough.
#[test]
fn the_environment_of_the_charm() {
    let settings = deployed(Settings::none()).variable("APP_BLOCKLIST_FINGERPRINTS", &ADMIN.to_lowercase());
    let config = settings.good();
    assert_eq!(config.hkp.bind.to_string(), ":8080");
    assert_eq!(config.metrics.bind.unwrap().to_string(), ":9626");
    assert_eq!(config.store.url.expose(), "postgresql://hkp:pass@db.model:5432/keys");
    assert_eq!((config.admin.keys.len(), config.openpgp.blacklist.len(), config.recon.partners.len()), (2, 1, 2));
    assert_eq!(config.recon.http_port, 8080);
    insta::assert_snapshot!(settings.shown("openpgp.db.d"), @r#"
    openpgp.db.driver = "postgres-jsonb" # default
    openpgp.db.dsn = "postgresql://hkp:***@db.model:5432/keys" # POSTGRESQL_DB_CONNECT_STRING
    "#);
    insta::assert_snapshot!(settings.shown("hostname"), @r#"hostname = "hockeypuck-k8s.model" # APP_BASE_URL"#);
    insta::assert_snapshot!(settings.shown("hkp.bind"), @r#"hkp.bind = ":8080" # APP_PORT"#);
    let told = format!("{}{:?}", settings.load().report, settings.load().config);
    assert!(!told.contains("pass@") && !told.contains("verysecret"), "{told}");
}

/// The charm's variables are weaker than a file and stronger than defaults; Hockeypuck's names are stronger than both.
#[test]
fn the_charm_is_weaker_than_a_file() {
    let file = "[hockeypuck]\nhostname = \"keys.example.org\"\n[hockeypuck.hkp]\nbind = \":11371\"\n";
    let settings = || deployed(Settings::file(file));
    insta::assert_snapshot!(settings().shown("hostname"), @r#"hostname = "keys.example.org" # hockeypuck.conf:2"#);
    insta::assert_snapshot!(settings().shown("hkp.bind"), @r#"hkp.bind = ":11371" # hockeypuck.conf:4"#);
    let config = settings().good();
    assert_eq!(config.metrics.bind.unwrap().to_string(), ":9626");
    assert_eq!(config.store.url.expose(), "postgresql://hkp:pass@db.model:5432/keys");
    let named = settings().variable("HOCKEYPUCK_BIND", "127.0.0.1:1").variable("HOCKEYPUCK_HOSTNAME", "other").good();
    assert_eq!((named.hkp.bind.to_string().as_str(), named.site.hostname.as_str()), ("127.0.0.1:1", "other"));
    let flag = settings().variable("HOCKEYPUCK_BIND", "127.0.0.1:1").flag("bind", "127.0.0.1:2").good();
    assert_eq!(flag.hkp.bind.to_string(), "127.0.0.1:2");
}

/// The parts of the database's URL are as encoded as the URL was; what cannot stand in one is encoded.
#[test]
fn parts_of_the_database_are_put_together() {
    let with = |parts: &[(&str, &str)]| {
        let set = |settings: Settings, (name, value): &(&str, &str)| {
            settings.variable(&format!("POSTGRESQL_DB_{name}"), value)
        };
        parts.iter().fold(Settings::none(), set).good().store.url.expose().to_owned()
    };
    let all = [("HOSTNAME", "db"), ("PORT", "5433"), ("USERNAME", "h"), ("PASSWORD", "p%40%25ss"), ("NAME", "keys")];
    assert_eq!(with(&all), "postgresql://h:p%40%25ss@db:5433/keys");
    let bare = [("HOSTNAME", "db"), ("USERNAME", "h"), ("PASSWORD", "p@s/s:#?w rd"), ("QUERY", "sslmode=require")];
    assert_eq!(with(&bare), "postgresql://h:p%40s%2Fs%3A%23%3Fw%20rd@db?sslmode=require");
    assert_eq!(with(&[("HOSTNAME", "2001:db8::1"), ("NAME", "k")]), "postgresql://[2001:db8::1]/k");
    let whole = [("HOSTNAME", "db"), ("CONNECT_STRING", "postgresql://a:b@one:1,two:2/k")];
    assert_eq!(with(&whole), "postgresql://a:b@one:1,two:2/k");
    let shown = "postgresql://a:b@one:1,two:2/k".parse::<DatabaseUrl>().unwrap().to_string();
    assert_eq!(shown, "postgresql://a:***@one:1,two:2/k");
}

/// A URL is shown as the host that people know; any other text stays.
#[test]
fn host_names_of_urls() {
    for (url, host) in [
        ("http://hockeypuck-k8s.model:11371", "hockeypuck-k8s.model"),
        ("https://keys.example.org/path?x", "keys.example.org"),
        ("https://user@[2001:db8::1]:443/", "2001:db8::1"),
        ("keys.example.org", "keys.example.org"),
        ("My keyserver: the best", "My keyserver: the best"),
    ] {
        assert_eq!(Settings::none().variable("APP_BASE_URL", url).good().site.hostname, host);
        assert_eq!(Settings::file(&format!("[hockeypuck]\nhostname = \"{url}\"\n")).good().site.hostname, host);
    }
}

/// Wrong values of the charm's variables are told by their names.
#[test]
fn mistakes_of_the_charm() {
    let settings = Settings::none()
        .variable("APP_PORT", "eighty")
        .variable("APP_METRICS_PATH", "metrics")
        .variable("APP_ADMIN_KEYS", "ABCD")
        .variable("POSTGRESQL_DB_CONNECT_STRING", "mysql://u:hunter2@h/d");
    insta::assert_snapshot!(settings.problems(), @r#"
    error: APP_PORT: "eighty": expected a port
    error: APP_ADMIN_KEYS: adminKeys = "ABCD": expected fingerprints of 40 or 64 hexadecimal digits
    error: APP_METRICS_PATH: metrics.metricsPath = "metrics": expected a path that begins with "/"
    error: POSTGRESQL_DB_CONNECT_STRING: openpgp.db.dsn: expected a database such as "postgres://user:password@host:5432/name", "host=… user=… password=… dbname=…" or "sqlite:///path/to/file"
    "#);
}
