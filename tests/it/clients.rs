//! The programs that people use against a keyserver, against the real server.

mod charm;
mod curl;
mod gpg;
mod gpg_home;
mod hkps;
mod promtool;
mod python_gnupg;
mod sq;

use crate::support::backend::on_each_backend;
use crate::support::server::Server;

/// Runs `test` against a fresh server on each kind of store.
fn on_each_server(test: impl Fn(&Server) + Sync) {
    on_each_backend(|store| test(&Server::start(store)));
}
