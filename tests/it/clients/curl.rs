//! curl, as scripts and package builds call it.

use std::fs;
use std::process::Command;

use super::on_each_server;
use crate::support::certs::{self, Owned};
use crate::support::server::Server;
use crate::support::tools::{Finished, run};

/// Fails on a status of 400 or more, as careful scripts want it.
fn curl(arguments: &[&str]) -> Finished {
    run(Command::new("curl").args(["--silent", "--show-error", "--fail", "--max-time", "60"]).args(arguments))
}

fn get_url(server: &Server, owned: &Owned) -> String {
    server.url(&format!("/pks/lookup?op=get&options=mr&search=0x{}", owned.fingerprint()))
}

/// Submits with the form field that every keyserver knows.
fn add_by_form(server: &Server, owned: &Owned) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key.asc");
    fs::write(&file, owned.armored()).unwrap();
    let field = format!("keytext@{}", file.display());
    curl(&["--data-urlencode", &field, &server.url("/pks/add")]).expect_success();
}

/// A form and a raw body, armored or binary, are all understood, and the answer to a fetch is one
/// armored block that ends with a line feed.
#[test]
fn submissions_come_back() {
    on_each_server(|server| {
        let by_form = certs::general("<form@example.org>");
        add_by_form(server, &by_form);
        let by_body = certs::general("<body@example.org>");
        let as_packets = certs::general("<packets@example.org>");
        for (owned, body, media_type) in [
            (&by_body, by_body.armored(), "application/pgp-keys"),
            (&as_packets, as_packets.packets(), "application/pgp"),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("body");
            fs::write(&file, body).unwrap();
            let (file, media_type) = (format!("@{}", file.display()), format!("Content-Type: {media_type}"));
            curl(&["--data-binary", &file, "--header", &media_type, &server.url("/pks/add")]).expect_success();
            assert_comes_back(server, owned);
        }
        assert_comes_back(server, &by_form);
    });
}

fn assert_comes_back(server: &Server, owned: &Owned) {
    let text = curl(&[&get_url(server, owned)]).expect_success();
    assert!(text.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), "{text}");
    assert!(text.ends_with("-----END PGP PUBLIC KEY BLOCK-----\n"), "{text}");
    assert_eq!(text.parse::<sequoia_openpgp::Cert>().unwrap(), owned.cert.clone().strip_secret_key_material());
}

/// The machine-readable index has its first line, one line a key and one line a user ID.
#[test]
fn index_is_machine_readable() {
    on_each_server(|server| {
        let owned = certs::general("Ina Example <ina@example.org>");
        add_by_form(server, &owned);
        let target = server.url("/pks/lookup?op=index&options=mr&search=ina@example.org");
        let index = curl(&[&target]).expect_success();
        let lines: Vec<&str> = index.lines().collect();
        assert_eq!(lines[0], "info:1:1");
        assert!(lines[1].starts_with(&format!("pub:{}:22:", owned.fingerprint())), "{index}");
        assert!(lines[2].starts_with("uid:Ina Example <ina@example.org>:"), "{index}");
        assert_eq!(lines.len(), 3, "{index}");
    });
}

/// HEAD answers the headers of GET, and who shows the entity tag is spared the body.
#[test]
fn unchanged_certificates_are_not_sent_again() {
    on_each_server(|server| {
        let owned = certs::general("<etag@example.org>");
        add_by_form(server, &owned);
        let url = get_url(server, &owned);
        let head = curl(&["--head", &url]).expect_success();
        let tag = header(&head, "etag").unwrap();
        let body = curl(&[&url]).expect_success();
        assert_eq!(header(&head, "content-length").unwrap(), body.len().to_string());

        let show = ["--output", "-", "--write-out", "%{http_code} %{size_download}", "--header"];
        let conditional = |tag: &str| {
            let field = format!("If-None-Match: {tag}");
            curl(&[&show[..], &[field.as_str(), &url]].concat()).expect_success()
        };
        assert_eq!(conditional(&tag), "304 0");
        assert!(conditional("\"other\"").ends_with(&format!("200 {}", body.len())));

        let changed = owned.revoked();
        assert_eq!(crate::support::request::submit(server.address(), &changed).unwrap().status, 200);
        assert!(conditional(&tag).contains("\n200 ") || conditional(&tag).contains("200 "), "a new form has a new tag");
    });
}

/// A script that checks the status sees an unknown key, a bad request and an empty submission as failures.
#[test]
fn failures_have_a_status() {
    on_each_server(|server| {
        for (target, status) in [
            ("/pks/lookup?op=get&search=0x0123456789ABCDEF0123456789ABCDEF01234567", "404"),
            ("/pks/lookup?op=index&options=mr&search=nobody@example.org", "404"),
            ("/pks/lookup?op=get", "400"),
            ("/nowhere", "404"),
        ] {
            let said = curl(&["--write-out", "%{http_code}", &server.url(target)]).expect_failure();
            assert!(said.contains(status), "{target}: {said}");
        }
        let said = curl(&["--data", "keytext=nothing", &server.url("/pks/add")]).expect_failure();
        assert!(said.contains("400") || said.contains("422"), "{said}");
    });
}

fn header(head: &str, name: &str) -> Option<String> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}
