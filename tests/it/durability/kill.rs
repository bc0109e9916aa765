//! The process ends in the middle of a stream of submissions.

use std::thread;

use super::audit::{assert_log_matches_table, assert_served};
use super::submitter::Journal;
use crate::support::backend::{Backend, on_each_backend};
use crate::support::server::Server;

const CLIENTS: usize = 4;
const KILLS: usize = 50;

/// Nothing that was answered with success is lost when the process is killed, fifty times, at
/// moments that differ; and the change log always tells the same as the table.
#[test]
fn a_killed_server_has_lost_nothing() {
    on_each_backend(|store| {
        end_again_and_again(&store, KILLS, |server, round| {
            server.kill();
            if round % 10 == 0 {
                assert_log_matches_table(&store);
            }
        });
    });
}

/// An orderly stop ends well, soon, and loses nothing either.
#[test]
fn a_stopped_server_has_lost_nothing() {
    on_each_backend(|store| {
        end_again_and_again(&store, 3, |server, _| {
            let status = server.stop();
            assert!(status.success(), "{status}");
        });
    });
}

/// Starts the server, submits to it, and ends it with `end`, `rounds` times.
fn end_again_and_again(store: &Backend, rounds: usize, end: impl Fn(&mut Server, usize)) {
    let mut server = Server::start(store.clone());
    let journal = Journal::default();
    let address = server.address();
    thread::scope(|scope| {
        let journal = &journal;
        for client in 0..CLIENTS {
            scope.spawn(move || journal.run_client(client, address));
        }
        // Clients that nobody ends would run for ever.
        let _clients = EndClients(journal);
        for round in 0..rounds {
            // Another number of submissions each time moves the end to another place in a write.
            journal.wait_for(journal.count() + 1 + round % 7);
            end(&mut server, round);
            server.restart();
        }
    });
    let journal = journal.into_stored();
    assert!(journal.len() >= rounds);
    assert_served(&server, &journal);
    server.kill();
    assert_log_matches_table(store);
}

struct EndClients<'a>(&'a Journal);

impl Drop for EndClients<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
