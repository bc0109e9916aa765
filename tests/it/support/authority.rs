//! A certificate authority of X.509 that nobody but its test knows, made by the program `openssl`.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::tools::run;

/// Its files last as long as this.
pub struct Authority {
    directory: TempDir,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub struct Pair {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new() -> Self {
        let authority = Self { directory: tempfile::tempdir().unwrap() };
        // No two have the same name, by which certificates name their authority.
        let unique = authority.directory.path().file_name().and_then(|name| name.to_str()).unwrap();
        authority.make("root", &["-subj", &format!("/CN=Test authority {unique}")]);
        authority
    }

    /// The certificate that clients trust.
    pub fn root(&self) -> PathBuf {
        self.pair("root").cert
    }

    /// A certificate for names such as `DNS:localhost,IP:127.0.0.1`, in files that are called after `stem`.
    pub fn issue(&self, stem: &str, names: &str) -> Pair {
        let Pair { cert, key } = self.pair("root");
        let names = format!("subjectAltName={names}");
        let signed = [Path::new("-CA"), &cert, Path::new("-CAkey"), &key].map(|part| part.to_str().unwrap());
        let named = ["-subj", "/CN=Test", "-addext", &names, "-addext", "basicConstraints=critical,CA:FALSE"];
        self.make(stem, &[&signed[..], &named].concat())
    }

    fn make(&self, stem: &str, arguments: &[&str]) -> Pair {
        let pair = self.pair(stem);
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-days", "30", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
        command.arg("-out").arg(&pair.cert).arg("-keyout").arg(&pair.key).args(arguments);
        run(&mut command).expect_success();
        pair
    }

    fn pair(&self, stem: &str) -> Pair {
        let path = |kind| self.directory.path().join(format!("{stem}.{kind}.pem"));
        Pair { cert: path("cert"), key: path("key") }
    }
}

impl Pair {
    /// Puts another certificate and key in the place of these.
    pub fn replace_by(&self, other: &Self) {
        std::fs::copy(&other.cert, &self.cert).unwrap();
        std::fs::copy(&other.key, &self.key).unwrap();
    }

    /// The settings of a server that uses it.
    pub fn settings(&self, bind: &str) -> [(String, String); 3] {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        [("HKPS_BIND", bind.to_owned()), ("HKPS_CERT", path(&self.cert)), ("HKPS_KEY", path(&self.key))]
            .map(|(name, value)| (name.to_owned(), value))
    }
}
