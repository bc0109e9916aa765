//! Blocking while the same certificates are submitted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::audit::assert_log_matches_table;
use crate::support::backend::on_each_backend;
use crate::support::certs::{self, Owned};
use crate::support::server::{self, Server};
use crate::support::{request, tools};

const CLIENTS: usize = 4;
const CERTIFICATES: usize = 8;
const USER_IDS: usize = 8;

/// Clients submit parts of certificates all the time while a command blocks one after the other: each that was blocked
/// is gone when the command ends, is never stored again, and the log leads to what is stored.
#[test]
fn blocks_win_against_submissions() {
    let owned: Vec<Owned> = (0..CERTIFICATES).map(|n| certs::small(&format!("<raced{n}@example.org>"))).collect();
    let parts: Vec<Vec<u8>> = owned.iter().flat_map(|owned| owned.with_each_user_id("part", USER_IDS)).collect();
    let kept = certs::small("<kept@example.org>");
    on_each_backend(|store| {
        let mut server = Server::start(store.clone());
        assert_eq!(request::submit(server.address(), &kept.packets()).unwrap().status, 200);
        let has_ended = AtomicBool::new(false);
        thread::scope(|scope| {
            // However this ends, the clients end too.
            let _end = End(&has_ended);
            for client in 0..CLIENTS {
                let (server, parts, has_ended) = (server.address(), &parts, &has_ended);
                scope.spawn(move || {
                    for part in parts.iter().cycle().skip(client * 13) {
                        if has_ended.load(Ordering::Acquire) {
                            return;
                        }
                        assert_eq!(request::submit(server, part).unwrap().status, 200);
                    }
                });
            }
            for count in 1..=CERTIFICATES {
                let mut command = server::command();
                command.args(["block-keys", "--comment", "race", &owned[count - 1].fingerprint()]);
                tools::run(command.args(store.arguments())).expect_success();
                owned[..count].iter().for_each(|owned| assert_gone(&server, owned));
            }
        });
        owned.iter().for_each(|owned| assert_gone(&server, owned));
        server.kill();
        assert_log_matches_table(&store);
    });
}

fn assert_gone(server: &Server, owned: &Owned) {
    let target = format!("/pks/lookup?op=get&search=0x{}", owned.fingerprint());
    assert_eq!(request::get(server.address(), &target).unwrap().status, 404);
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
