//! Sequoia's command line.

use std::fs;
use std::process::Command;

use super::on_each_server;
use crate::support::certs;
use crate::support::server::Server;
use crate::support::tools::{Finished, run};

/// What sq publishes, sq fetches by fingerprint and by address, and it is the same certificate.
#[test]
fn certificates_come_back() {
    on_each_server(|server| {
        let owned = certs::general("Sam Example <sam@example.org>");
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("sam.pgp");
        fs::write(&file, owned.armored()).unwrap();
        Sq::new(server).publish(file.to_str().unwrap()).expect_success();
        for name in [owned.fingerprint().as_str(), "sam@example.org"] {
            let fetched = Sq::new(server).fetch(name).expect_success();
            let fetched: sequoia_openpgp::Cert = fetched.parse().unwrap();
            assert_eq!(fetched, owned.cert.clone().strip_secret_key_material(), "asked for {name}");
        }
    });
}

/// sq tells its user that there is no such certificate.
#[test]
fn unknown_certificates_are_not_found() {
    on_each_server(|server| {
        let said = Sq::new(server).fetch("0123456789ABCDEF0123456789ABCDEF01234567").expect_failure();
        assert!(said.to_lowercase().contains("not found"), "{said}");
    });
}

/// The two generations of its command line: before and from version 0.34 on.
struct Sq {
    home: tempfile::TempDir,
    url: String,
    is_old: bool,
}

impl Sq {
    fn new(server: &Server) -> Self {
        let is_old = run(Command::new("sq").args(["keyserver", "--help"])).success;
        Self { home: tempfile::tempdir().unwrap(), url: server.hkp_url(), is_old }
    }

    fn publish(&self, file: &str) -> Finished {
        if self.is_old {
            return self.run(&["keyserver", "--policy", "insecure", "--server", &self.url, "send", file]);
        }
        self.run(&["network", "keyserver", "publish", "--server", &self.url, "--cert-file", file])
    }

    /// The certificate is on the standard output, armored.
    fn fetch(&self, name: &str) -> Finished {
        if self.is_old {
            return self.run(&["keyserver", "--policy", "insecure", "--server", &self.url, "get", name]);
        }
        self.run(&["network", "keyserver", "search", "--server", &self.url, "--output", "-", name])
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        run(Command::new("sq").env("SEQUOIA_HOME", self.home.path()).args(arguments))
    }
}
