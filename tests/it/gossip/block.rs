//! What is blocked is gone on all servers at once and stays gone, although peers have it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hockeypuck::domain::{Digest, Fingerprint, Profile};
use hockeypuck::storage;

use super::processes::wait_until;
use super::units::{partner, sessions, units};
use crate::support::backend::{Backend, runtime};
use crate::support::certificates::normalise;
use crate::support::certs::{self, Owned};
use crate::support::server;
use crate::support::store::patient;
use crate::support::{request, tools};

/// Within which every server has to know.
const EFFECT_LIMIT: Duration = Duration::from_secs(2);
const ROUNDS: f64 = 10.0;
const EMAIL: &str = "blocked@example.org";

/// Three servers on one PostgreSQL and a peer that has the certificate: blocked on one, it is not found by any way on
/// any of them within two seconds, nor ten rounds of gossip later; unblocked, it comes back by gossip.
#[test]
fn blocked_certificates_stay_away_from_all_servers() {
    let (partner, recon) = partner();
    let cert = certs::general(&format!("<{EMAIL}>"));
    let other = certs::small("<other@example.org>");
    for packets in [cert.packets(), other.packets()] {
        assert_eq!(request::submit(partner.address(), &packets).unwrap().status, 200);
    }
    let store = Backend::postgres();
    let units = units::<3>(&store, &recon, partner.address());
    let routes = Routes::of(&cert);
    let are_all = |status| units.iter().all(|unit| routes.statuses(unit.address()).iter().all(|one| *one == status));
    wait_until("the certificate on every server", || are_all(200));

    command("block-keys", &store, &cert, &["--comment", "for good"]);
    let blocked = Instant::now();
    for unit in &units {
        assert_eq!(routes.statuses(unit.address()), routes.all(404));
    }
    assert!(blocked.elapsed() <= EFFECT_LIMIT, "{:?}", blocked.elapsed());

    let before = sessions(&partner);
    wait_until("more rounds of gossip", || sessions(&partner) >= before + ROUNDS);
    for unit in &units {
        assert_eq!(routes.statuses(unit.address()), routes.all(404), "{}", unit.log());
        let kept = request::get(unit.address(), "/pks/lookup?op=index&search=other@example.org").unwrap();
        assert_eq!(kept.status, 200);
    }
    assert_eq!(routes.statuses(partner.address()), routes.all(200), "deletions do not spread");
    assert_eq!(queue(&store), 0, "nobody asks for it");

    command("unblock-keys", &store, &cert, &[]);
    wait_until("its return", || are_all(200));
}

fn command(name: &str, store: &Backend, cert: &Owned, arguments: &[&str]) {
    let mut command = server::command();
    command.arg(name).arg(cert.fingerprint()).args(arguments).args(store.arguments());
    tools::run(&mut command).expect_success();
}

/// Digests that wait to be fetched.
fn queue(store: &Backend) -> u64 {
    runtime().block_on(async {
        let open = storage::open(&store.url(), &patient()).await.unwrap();
        let ledger = open.gossip().ledger(10).await.unwrap();
        open.close().await;
        ledger.digests
    })
}

/// Every way to a certificate.
struct Routes {
    targets: Vec<String>,
    digest: Digest,
}

impl Routes {
    fn of(cert: &Owned) -> Self {
        let record = normalise(&cert.packets()).unwrap();
        let digest = record.digests.of(Profile::V24).unwrap();
        let (primary, subkey) = (record.keys[0], record.keys[1]);
        let key_id = |key: Fingerprint| key.key_id().unwrap();
        let mut searches = vec![format!("0x{primary}"), format!("0x{subkey}"), EMAIL.to_owned()];
        searches.extend([format!("0x{}", key_id(primary)), format!("0x{}", key_id(subkey))]);
        let operations = ["get", "index", "vindex", "get&options=bin", "index&options=mr", "index&options=json"];
        let mut targets = vec![format!("/pks/lookup?op=hget&search={digest}")];
        for operation in operations {
            targets.extend(searches.iter().map(|search| format!("/pks/lookup?op={operation}&search={search}")));
        }
        Self { targets, digest }
    }

    /// The status that each way answers.
    fn statuses(&self, server: SocketAddr) -> Vec<u16> {
        let status = |target: &String| request::get(server, target).unwrap().status;
        let mut statuses: Vec<u16> = self.targets.iter().map(status).collect();
        statuses.push(self.hashquery(server));
        statuses
    }

    fn all(&self, status: u16) -> Vec<u16> {
        vec![status; self.targets.len() + 1]
    }

    /// 404 stands for an answer without certificates.
    fn hashquery(&self, server: SocketAddr) -> u16 {
        let query = [&1_u32.to_be_bytes()[..], &16_u32.to_be_bytes(), &self.digest.0].concat();
        let answer =
            request::send(server, "POST", "/pks/hashquery", "Content-Type: sks/hashquery\r\n", &query).unwrap();
        if answer.body.starts_with(&[0, 0, 0, 0]) { 404 } else { answer.status }
    }
}
