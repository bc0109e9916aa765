//! Files of Hockeypuck 2.3 and 2.4 as operators have them.

use super::Settings;

/// In the manner of the standalone set-up, with what 2.4 added.
const STANDALONE: &str = r#"# Rendered at each start.
[hockeypuck]
loglevel = "INFO"
logfile = ""
indexTemplate = "/hockeypuck/lib/templates/index.html.tmpl"
vindexTemplate = "/hockeypuck/lib/templates/index.html.tmpl"
statsTemplate = "/hockeypuck/lib/templates/stats.html.tmpl"
responseTemplate = "/hockeypuck/lib/templates/response.html.tmpl"
webroot = "/hockeypuck/lib/www"
contact = "{{ .FINGERPRINT }}"
hostname = "{{ .FQDN }}"
nodename = "{{ .NODENAME | default "one" }}"
enableVHosts = true
reconStaleSecs = 43200
maxResponseLen = 268435456
adminKeys = ["0x0123456789ABCDEF0123456789ABCDEF01234567"]
software = "Hockeypuck"
version = "2.4"
builtAt = "today"

[hockeypuck.hkp]
bind = ":11371"
advertisedBind = "keys.example.org:443"
logRequestDetails = false

[hockeypuck.hkp.queries]
selfSignedOnly = false
keywordSearchDisabled = false
enableInexact = false

[hockeypuck.metrics]
metricsAddr = ":9626"
metricsPath = "/metrics"

[hockeypuck.openpgp]
nworkers = 8
maxPacketLength = 8192
maxSigPacketLength = 65536
maxKeyLength = 1048576
blacklist = ["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]
enumerableDomains = ["Example.org", "debian.org"]

[hockeypuck.openpgp.headers]
comment = "Hostname: {{ .FQDN }}"
version = ""

[hockeypuck.openpgp.db]
driver = "postgres-jsonb"
dsn = "database={{ .POSTGRES_DB }} host=postgres user={{ .POSTGRES_USER }} password={{ .POSTGRES_PASSWORD }} port=5432 sslmode=disable"
reindexOnStartup = true
requestQueryLimit = 100

[hockeypuck.conflux.recon]
allowCIDRs = ["127.0.0.1/8"]

[hockeypuck.conflux.recon.leveldb]
path = "/hockeypuck/data/ptree"

{{ if .PEER -}}
[hockeypuck.conflux.recon.partner.peer]
httpAddr = "{{ .PEER }}:11371"
reconAddr = "{{ .PEER }}:11370"
{{- end }}

{{if .PKS}}[hockeypuck.pks]
to = ["hkp://{{ .PKS }}"]{{end}}

{{ if and (.SMTP) (not .PKS) }}
[hockeypuck.pks.smtp]
host = "{{ .SMTP }}"
{{ end }}
"#;

fn standalone() -> Settings {
    let variables = [
        ("FINGERPRINT", "0123456789ABCDEF0123456789ABCDEF01234567"),
        ("FQDN", "keys.example.org"),
        ("POSTGRES_DB", "hkp"),
        ("POSTGRES_USER", "hkp"),
        ("POSTGRES_PASSWORD", "hunter2"),
        ("PEER", "peer.example.org"),
    ];
    variables.into_iter().fold(Settings::file(STANDALONE), |settings, (name, value)| settings.variable(name, value))
}

/// All keys are known, and those without effect say why.
#[test]
fn a_file_for_2_4() {
    let settings = standalone();
    insta::assert_snapshot!(settings.problems(), @r"
    warning: hockeypuck.conf:5: indexTemplate has no effect: the pages are part of the program, and cannot be replaced
    warning: hockeypuck.conf:6: vindexTemplate has no effect: the pages are part of the program, and cannot be replaced
    warning: hockeypuck.conf:7: statsTemplate has no effect: the pages are part of the program, and cannot be replaced
    warning: hockeypuck.conf:8: responseTemplate has no effect: the pages are part of the program, and cannot be replaced
    warning: hockeypuck.conf:9: webroot has no effect: the pages are part of the program, and cannot be replaced
    note: hockeypuck.conf:19: builtAt is not needed and has no effect
    note: hockeypuck.conf:36: openpgp.nworkers is not needed and has no effect
    note: hockeypuck.conf:41: openpgp.enumerableDomains: certificates whose primary key is revoked for good lose their user IDs, in these domains, too, and are not listed
    note: hockeypuck.conf:50: openpgp.db.reindexOnStartup is not needed and has no effect
    note: hockeypuck.conf:57: conflux.recon.leveldb.path is not needed and has no effect
    ");
    let config = settings.load().config;
    assert_eq!((config.site.hostname.as_str(), config.site.nodename.as_str()), ("keys.example.org", "one"));
    assert_eq!((config.site.software.as_str(), config.site.version.as_str()), ("Hockeypuck", "2.4"));
    assert!(config.site.enable_vhosts);
    assert_eq!(config.openpgp.enumerable_domains, ["example.org", "debian.org"]);
    assert_eq!((config.admin.keys.len(), config.openpgp.blacklist.len()), (1, 1));
    assert_eq!(config.openpgp.headers.comment, "Hostname: keys.example.org");
    assert_eq!(config.recon.partners[0].name, "peer");
    assert!(config.pks.targets.is_empty());
    assert!(!format!("{}{config:?}", settings.load().report).contains("hunter2"));
}

/// Parts of a file that depend on variables come and go with them.
#[test]
fn parts_depend_on_variables() {
    let pushing = standalone().variable("PKS", "other.example.org").variable("SMTP", "localhost:25").load();
    assert_eq!(pushing.config.pks.targets.len(), 1);
    let told = |settings: &Settings| settings.problems().contains("pks.smtp.host");
    assert!(told(&standalone().variable("SMTP", "localhost:25")) && !told(&standalone()));
}

/// Settings of any name come from variables of one prefix.
#[test]
fn settings_from_a_prefix() {
    let file = "[hockeypuck]\n{{ range $key, $value := osenv \"HKP_\" -}}\n{{ trimPrefix \"HKP_\" $key }} = {{ $value }}\n{{ end }}";
    let settings = Settings::file(file)
        .variable("HKP_hostname", "\"keys.example.org\"")
        .variable("HKP_maxResponseLen", "1000")
        .variable("OTHER", "x");
    let config = settings.good();
    assert_eq!((config.site.hostname.as_str(), config.site.max_response_len), ("keys.example.org", Some(1000)));
}

/// Only primary keys' fingerprints name administrators and what is blocked.
#[test]
fn fingerprints_are_checked() {
    for key in ["adminKeys", "openpgp.blacklist"] {
        for text in ["0123456789ABCDEF", "0123456789ABCDEF0123456789ABCDEF", "nobody", ""] {
            let told = Settings::file(&format!("[hockeypuck]\n{key} = [\"{text}\"]\n")).problems();
            let expected = format!(
                "error: hockeypuck.conf:2: {key} = [\"{text}\"]: expected fingerprints of 40 or 64 hexadecimal digits"
            );
            assert_eq!(told, expected);
        }
    }
    let told = Settings::file("[hockeypuck]\nopenpgp.enumerableDomains = [\"a b\"]\n").problems();
    assert!(told.contains("expected domains such as \"example.org\""), "{told}");
    let told = Settings::file("[hockeypuck]\nsoftware = \"a\\nb\"\n").problems();
    assert!(told.contains("expected ASCII text of one line"), "{told}");
}
