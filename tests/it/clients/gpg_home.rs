//! A person's GnuPG: a home directory of its own, with its own daemons.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::server::Server;
use crate::support::tools::{Finished, run, run_with_input};

/// Uses one keyserver. Its daemons end with it.
pub struct GpgHome {
    directory: TempDir,
    keyserver: String,
}

/// A key that this person has the secret part of.
pub struct OwnKey {
    pub fingerprint: String,
    pub encryption_subkey: String,
}

impl GpgHome {
    pub fn new(server: &Server) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
        // Otherwise it first looks for a Tor proxy on this machine.
        fs::write(directory.path().join("dirmngr.conf"), "no-use-tor\n").unwrap();
        Self { directory, keyserver: server.hkp_url() }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn gpg(&self, arguments: &[&str]) -> Finished {
        run(self.command().args(arguments))
    }

    /// Makes a signing key with an encryption subkey.
    pub fn generate(&self, user_id: &str) -> OwnKey {
        let quick = ["--passphrase", "", "--quick-generate-key", user_id, "ed25519", "sign", "never"];
        self.gpg(&quick).expect_success();
        let fingerprint = self.fingerprints().pop().unwrap();
        self.gpg(&["--passphrase", "", "--quick-add-key", &fingerprint, "cv25519", "encr", "never"]).expect_success();
        let encryption_subkey = self.fingerprints().pop().unwrap();
        OwnKey { fingerprint, encryption_subkey }
    }

    /// Revokes a key of this home with the certificate that gpg made with it: without a reason, which is a hard one.
    pub fn revoke_without_reason(&self, key: &OwnKey) {
        let file = self.path().join("openpgp-revocs.d").join(format!("{}.rev", key.fingerprint));
        // gpg puts a colon before it, so that nobody imports it by accident.
        let text = fs::read_to_string(file).unwrap().replace(":-----BEGIN", "-----BEGIN");
        run_with_input(self.command().arg("--import"), text.as_bytes()).expect_success();
    }

    /// Revokes a key of this home because there is a newer one: a soft revocation.
    pub fn revoke_as_superseded(&self, key: &OwnKey) {
        // Really? yes; reason 2, superseded; no description; all right? yes.
        let answers = b"y\n2\n\ny\n";
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.path()).args(["--no-tty", "--command-fd", "0", "--gen-revoke"]);
        let certificate = run_with_input(command.arg(&key.fingerprint), answers).expect_success();
        run_with_input(self.command().arg("--import"), certificate.as_bytes()).expect_success();
    }

    /// The validity letter of a key in the listing: `r` for a revoked one. `None` when it is not there.
    pub fn validity(&self, fingerprint: &str) -> Option<String> {
        let listing = self.gpg(&["--with-colons", "--list-keys", fingerprint]);
        let line = listing.stdout.lines().find(|line| line.starts_with("pub:"))?;
        line.split(':').nth(1).map(str::to_owned)
    }

    /// The fingerprints of all primary keys and subkeys, as listed.
    pub fn fingerprints(&self) -> Vec<String> {
        let listing = self.gpg(&["--with-colons", "--list-keys"]).expect_success();
        let lines = listing.lines().filter_map(|line| line.strip_prefix("fpr:"));
        lines.map(|line| line.trim_matches(':').to_owned()).collect()
    }

    fn command(&self) -> Command {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.path()).args(["--batch", "--no-tty", "--keyserver", &self.keyserver]);
        command
    }
}

impl Drop for GpgHome {
    fn drop(&mut self) {
        run(Command::new("gpgconf").arg("--homedir").arg(self.path()).args(["--kill", "all"]));
    }
}
