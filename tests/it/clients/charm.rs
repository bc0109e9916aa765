//! The charm's action that blocks keys, step by step as it does it: python-gnupg signs with a key of its defaults,
//! forms are posted as `requests` posts them, and then a script is called.

use std::os::unix::fs::symlink;
use std::process::Command;

use super::gpg_home::GpgHome;
use crate::support::backend::{Backend, on_each_backend};
use crate::support::server::{self, Server};
use crate::support::tools::{Finished, run};
use crate::support::{certs, request};

/// Takes a home directory; makes the key of an administrator and prints its fingerprint.
const GENERATE: &str = "
import sys, gnupg
gpg = gnupg.GPG(gnupghome=sys.argv[1])
settings = gpg.gen_key_input(name_real='Admin User', name_email='admin@user.com', no_protection=True)
print(gpg.gen_key(settings).fingerprint)
";

/// Takes a home directory, the administrator's fingerprint, the server, options for gpg and fingerprints. Prints the
/// status of each answer.
const BLOCK: &str = "
import sys, gnupg, urllib.error, urllib.parse, urllib.request
home, admin, server, options, *fingerprints = sys.argv[1:]
gpg = gnupg.GPG(gnupghome=home)
def call(path, fields=None):
    data = None if fields is None else urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(server + path, data, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
print('add', call('/pks/add', {'keytext': gpg.export_keys(admin)})[0])
for fingerprint in fingerprints:
    status, body = call('/pks/lookup?op=get&search=0x' + fingerprint)
    print('get', status)
    if status == 200:
        assert '-----BEGIN PGP PUBLIC KEY BLOCK-----' in body
        text = '/pks/delete\\n' + body
        signature = gpg.sign(text, keyid=admin, detach=True, extra_args=options.split())
        fields = {'keytext': text, 'keysig': str(signature)}
        print('delete', *call('/pks/delete', fields))
        print('again', *call('/pks/delete', fields))
";

fn python(script: &str, arguments: &[&str]) -> String {
    // The interpreter of the system, because that is where the package is installed.
    run(Command::new("/usr/bin/python3").args(["-c", script]).args(arguments)).expect_success()
}

/// Calls the program by the name of the charm's script, beside the server or without one.
fn script(store: &Backend, arguments: &[&str]) -> Finished {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("block_keys.py");
    symlink(server::binary(), &program).unwrap();
    let mut command = Command::new(program);
    command.env_clear().args(arguments);
    match store {
        Backend::Sqlite(directory) => command.env("HOCKEYPUCK_DATA_DIR", directory.path()),
        Backend::Postgres(url) => command.env("HOCKEYPUCK_DATABASE_URL", url),
    };
    run(&mut command)
}

/// The administrator's key counts as soon as it was submitted; deletions are answered with success, whether the
/// signature is binary or of text; then the script blocks while the server is stopped, and after its start the
/// certificates stay away. With nothing to block the script does nothing, and that is no error.
#[test]
fn the_charm_blocks_keys() {
    on_each_backend(|store| {
        let first = Server::start_with(store.clone(), &[("RECON_BIND", "none")]);
        let home = GpgHome::new(&first);
        let path = home.path().to_str().unwrap();
        let admin = python(GENERATE, &[path]);
        let admin = admin.trim();
        drop(first);
        // The charm's configuration has lower-case fingerprints, or upper-case ones.
        let mut server = Server::start_with(store.clone(), &[("ADMINKEYS", admin)]);
        let [binary, text] = [certs::small("<binary@example.org>"), certs::small("<text@example.org>")];
        for cert in [&binary, &text] {
            assert_eq!(request::submit(server.address(), &cert.packets()).unwrap().status, 200);
        }
        let url = server.url("");
        let absent = "ab".repeat(20);
        let said = python(BLOCK, &[path, admin, &url, "", &binary.fingerprint(), &absent])
            + &python(BLOCK, &[path, admin, &url, "--textmode", &text.fingerprint()]);
        let deleted = |cert: &certs::Owned| {
            let fingerprint = cert.fingerprint().to_lowercase();
            format!(
                "get 200\ndelete 200 {{\"deleted\":[{{\"version\":4,\"fingerprint\":\"{fingerprint}\"}}]}}\n\n\
                 again 409 This request was carried out before; sign it again to repeat it.\n\n"
            )
        };
        assert_eq!(said, format!("add 200\n{}get 404\nadd 200\n{}", deleted(&binary), deleted(&text)));

        assert!(server.stop().success());
        let [a, b] = [&binary, &text].map(|cert| cert.fingerprint().to_lowercase());
        let blocked =
            script(&store, &["--fingerprints", &format!("{a},{b}"), "--comment", "asked to"]).expect_success();
        let unavailable = "Fingerprint unavailable in the database. Blocked successfully.";
        assert_eq!(blocked, format!("{a}: {unavailable}\n{b}: {unavailable}\n"));
        let nothing = script(&store, &["--fingerprints", "", "--comment", "nothing"]);
        assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(0), ""), "{nothing:?}");
        server.restart();
        for cert in [&binary, &text] {
            let added = request::submit(server.address(), &cert.packets()).unwrap();
            assert!(added.text().contains("the certificate is blocked on this server"), "{}", added.text());
            let target = format!("/pks/lookup?op=get&search=0x{}", cert.fingerprint());
            assert_eq!(request::get(server.address(), &target).unwrap().status, 404);
        }
    });
}
