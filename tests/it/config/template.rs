//! Configuration files as templates: what Go and Sprig make of them, and what is refused.

mod cases;

use std::collections::BTreeMap;

use hockeypuck::config::template::{Rendered, render};

use super::Settings;

fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn rendered(source: &str) -> Rendered {
    render(source, &environment(cases::ENVIRONMENT)).unwrap_or_else(|error| panic!("{source}: {error}"))
}

/// Templates mean what they mean in Go, octet for octet.
#[test]
fn templates_are_rendered() {
    for (source, expected) in cases::RENDERED {
        assert_eq!(rendered(source).text, *expected, "{source}");
    }
}

/// What is wrong is told with its line, its column and a reason.
#[test]
fn mistakes_have_a_place() {
    for (source, expected) in cases::REFUSED {
        let told = render(source, &environment(cases::ENVIRONMENT)).map_err(|error| error.to_string());
        assert_eq!(told.unwrap_err(), *expected, "{source}");
    }
    let source = "# é\n[hockeypuck]\né = \"{{ .A | nope }}\"\n";
    let error = render(source, &BTreeMap::new()).unwrap_err();
    assert_eq!((error.line, error.column), (3, 14));
}

/// A variable that is not set is empty, and told about where it is printed.
#[test]
fn unset_variables_are_empty() {
    for (source, expected, told) in cases::UNSET {
        let rendered = rendered(source);
        assert_eq!(rendered.text, *expected, "{source}");
        let unset: Vec<String> = rendered.unset.iter().map(|unset| format!("{} {}", unset.line, unset.name)).collect();
        assert_eq!(unset, *told, "{source}");
    }
}

/// No value of the environment becomes a setting by accident.
#[test]
fn values_stay_where_they_stand() {
    for (source, value, expected) in cases::UNSAFE {
        let error = render(source, &environment(&[("V", value), ("W", "w")])).unwrap_err();
        assert_eq!(error.to_string(), *expected, "{source}");
    }
    for (source, value, expected) in cases::SAFE {
        let rendered =
            render(source, &environment(&[("V", value)])).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(rendered.text, *expected, "{source}");
    }
}

/// A template that would never end, or fill the memory, is refused.
#[test]
fn templates_are_bounded() {
    let nested = format!("{}x{}", "{{if .A}}".repeat(101), "{{end}}".repeat(101));
    let parentheses = format!("{{{{{}1{}}}}}", "(".repeat(101), ")".repeat(101));
    for (source, reason) in [
        ("{{range 10000000}}{{end}}", "more than 100000 steps"),
        ("{{range 1000}}{{range 1000}}{{end}}{{print}}{{end}}", "more than 100000 steps"),
        ("{{$x := \"abcdefgh\"}}{{range 60}}{{$x = print $x $x}}{{end}}", "more than 16777216 octets"),
        ("{{repeat 1000000000 \"abc\"}}", "more than 16777216 octets"),
        ("{{$x := repeat 1000000 \"a\"}}{{replace \"a\" $x $x}}", "more than 16777216 octets"),
        ("{{$x := repeat 1000000 \"a\"}}{{splitList \"\" $x}}", "more than 100000 steps"),
        ("{{$x := list}}{{range 200}}{{$x = list $x}}{{end}}", "more than 100 lists in each other"),
        (&nested, "more than 100 structures or parentheses"),
        (&parentheses, "more than 100 structures or parentheses"),
    ] {
        let error = render(source, &environment(cases::ENVIRONMENT)).unwrap_err();
        assert!(error.text.contains(reason), "{source}: {error}");
    }
}

/// Problems are told with the lines of the file that the operator wrote, whatever the template made of it.
#[test]
fn lines_are_those_of_the_source() {
    let text = r#"[hockeypuck]
{{- range $i, $name := splitList "," .NAMES }}
{{- if $i }}
unknown{{ $i }} = "{{ $name }}"
{{- end }}
{{- end }}
{{ .BLOCK }}
{{- /* two
lines */}}
hostname = "{{ .FQDN }}"
loglevel = "{{ .LEVEL }}"
contact = 7
"#;
    let settings = Settings::file(text)
        .variable("NAMES", "a,b,c")
        .variable("BLOCK", "typo = 1\nerror = 2")
        .variable("LEVEL", "loud");
    insta::assert_snapshot!(settings.problems(), @r#"
    warning: hockeypuck.conf:4: unknown1 is unknown and has no effect
    warning: hockeypuck.conf:4: unknown2 is unknown and has no effect
    warning: hockeypuck.conf:7: error is unknown and has no effect
    warning: hockeypuck.conf:7: typo is unknown and has no effect
    warning: hockeypuck.conf:10: the variable FQDN is not set, and is taken for empty
    error: hockeypuck.conf:11: loglevel = "loud": expected one of panic, fatal, error, warn, warning, info, debug, trace
    error: hockeypuck.conf:12: contact = 7: expected a text in quotes
    "#);
    insta::assert_snapshot!(settings.shown("hostname"), @r#"hostname = "" # hockeypuck.conf:10"#);
    let broken =
        Settings::file("[hockeypuck]\n{{ if .A }}\na = 1\n{{ end }}\nhostname = {{ .A }}\n").variable("A", "x y");
    insta::assert_snapshot!(broken.problems(), @"error: hockeypuck.conf:5: string values must be quoted, expected literal string");
    let missing = Settings::file("[hockeypuck]\nhostname = {{ .FQDN }}\n").problems();
    assert!(missing.ends_with("; the variable FQDN is not set"), "{missing}");
    insta::assert_snapshot!(Settings::file("[hockeypuck]\nhostname = \"{{ .FQDN }\"\n").problems(), @"error: hockeypuck.conf:2:22: unexpected '}' in an action");
}

/// Secrets are not shown where they became part of a setting, right or wrong, nor in any error.
#[test]
fn secrets_are_hidden() {
    const SECRET: &str = "hunter2";
    for line in [
        "hostname = \"{{ .DB_PASSWORD }}\"",
        "hostname = \"x{{ .APP_SECRET_KEY | upper | lower }}\"",
        "loglevel = \"{{ .DB_PASSWORD }}\"",
        "adminKeys = [\"{{ .API_TOKEN }}\"]",
        "maxResponseLen = {{ .DB_PASSWORD }}",
        "hostname = \"{{ .DB_PASSWORD }}{{ .DB_PASSWORD | nope }}\"",
        "hostname = {{ fromJson .DB_PASSWORD }}",
        "hostname = {{ add1 .DB_PASSWORD.X }}",
        "{{ range .DB_PASSWORD }}{{ end }}",
        "openpgp.db.dsn = \"host=db password={{ .DB_PASSWORD }} user=u\"",
        "openpgp.db.dsn = \"host=db password='{{ .DB_PASSWORD }}\"",
        "hostname = \"\"{{ .DB_PASSWORD }}",
    ] {
        let settings = Settings::file(&format!("[hockeypuck]\n{line}\n"))
            .variable("DB_PASSWORD", SECRET)
            .variable("APP_SECRET_KEY", SECRET)
            .variable("API_TOKEN", SECRET);
        let loaded = settings.load();
        let told = format!("{}\n{:?}", loaded.report, loaded.report);
        assert!(!told.contains(SECRET), "{line}: {told}");
        let is_told = told.contains("***") || told.contains("Error");
        assert!(is_told, "{line}: {told}");
    }
    let plain = Settings::file("[hockeypuck]\nhostname = \"{{ .FQDN }}\"\n").variable("FQDN", "keys.example.org");
    assert_eq!(plain.shown("hostname"), "hostname = \"keys.example.org\" # hockeypuck.conf:2");
}
