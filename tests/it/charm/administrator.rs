//! The charm's own container: it shares the network with the workload and nothing else.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::staging::repository;
use crate::support::tools::run;

/// The charm with the key that it made for itself.
pub(super) struct Administrator {
    home: TempDir,
    pub(super) fingerprint: String,
}

impl Administrator {
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let mut charm = Self { home, fingerprint: String::new() };
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        charm.fingerprint = charm.act("make-admin", nowhere, &[]).as_str().unwrap().to_owned();
        assert_eq!(charm.fingerprint.len(), 40);
        charm
    }

    /// Runs a command of the script and answers what it said.
    pub(super) fn act(&self, command: &str, workload: SocketAddr, arguments: &[&str]) -> Value {
        // The interpreter of the system, because that is where the package is installed.
        let mut python = Command::new("/usr/bin/python3");
        python.arg(repository("tests/data/charm/actions.py")).arg(command).arg(format!("http://{workload}"));
        python.args(arguments).env_clear().env("GNUPGHOME", self.home.path()).env("PATH", "/usr/bin:/bin");
        serde_json::from_str(&run(&mut python).expect_success()).unwrap()
    }

    /// What happens at every restart of the service.
    pub(super) fn upload_key(&self, workload: SocketAddr) {
        assert_eq!(self.act("upload-admin", workload, &[&self.fingerprint]), 200);
    }

    /// The action `lookup-key`: the status and the text.
    pub(super) fn lookup_key(&self, workload: SocketAddr, keyword: &str) -> (u64, String) {
        let found = self.act("lookup-key", workload, &[keyword]);
        (found["status"].as_u64().unwrap(), found["text"].as_str().unwrap().to_owned())
    }
}

impl Drop for Administrator {
    fn drop(&mut self) {
        run(Command::new("gpgconf").arg("--homedir").arg(self.home.path()).args(["--kill", "all"]));
    }
}
