//! python-gnupg, which reads what gpg prints.

use std::process::Command;

use super::gpg_home::GpgHome;
use super::on_each_server;
use crate::support::tools::run;

/// Takes two home directories, the keyserver and a fingerprint.
const SCRIPT: &str = "
import sys, gnupg
owner, other, keyserver, fingerprint = sys.argv[1:]
sent = gnupg.GPG(gnupghome=owner).send_keys(keyserver, fingerprint)
print('sent', sent.stderr)
gpg = gnupg.GPG(gnupghome=other)
found = gpg.search_keys('pia@example.org', keyserver)
print('found', [(key['keyid'], key['uids']) for key in found])
print('received', gpg.recv_keys(keyserver, fingerprint).fingerprints)
print('listed', [key['fingerprint'] for key in gpg.list_keys()])
print('nobody', gpg.recv_keys(keyserver, '0123456789ABCDEF0123456789ABCDEF01234567').count)
";

/// A script can send, search and receive, and sees an unknown key as no key.
#[test]
fn scripts_send_search_and_receive() {
    on_each_server(|server| {
        let [owner, other] = [(); 2].map(|()| GpgHome::new(server));
        let fingerprint = owner.generate("Pia Example <pia@example.org>").fingerprint;
        // The interpreter of the system, because that is where the package is installed.
        let mut python = Command::new("/usr/bin/python3");
        python.args(["-c", SCRIPT]).arg(owner.path()).arg(other.path()).arg(server.hkp_url()).arg(&fingerprint);
        let said = run(&mut python).expect_success();
        for line in [
            format!("found [('{fingerprint}', ['Pia Example <pia@example.org>'])]"),
            format!("received ['{fingerprint}']"),
            format!("listed ['{fingerprint}']"),
            "nobody 0".into(),
        ] {
            assert!(said.contains(&line), "{line} is not in\n{said}");
        }
    });
}
