//! A PostgreSQL that is reached over TCP under a host name, as the charm's is.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::backend::runtime;
use crate::support::postgres::fresh_database;

/// A new database in the cluster of this test process.
pub(super) struct Database {
    /// By which the tests reach it, not the service.
    pub(super) url: String,
    socket: PathBuf,
    name: String,
}

/// A port on which connections to the database are taken, until it is dropped.
pub(super) struct Route {
    host: &'static str,
    port: u16,
    name: String,
    is_closed: Arc<AtomicBool>,
}

impl Database {
    pub(super) fn new() -> Self {
        let url = runtime().block_on(fresh_database());
        let (name, query) = url.strip_prefix("postgres:///").unwrap().split_once('?').unwrap();
        let directory = query.split('&').find_map(|pair| pair.strip_prefix("host=")).unwrap();
        Self { socket: Path::new(directory).join(".s.PGSQL.5432"), name: name.to_owned(), url: url.clone() }
    }

    /// A way to it by this name of the loopback.
    pub(super) fn route(&self, host: &'static str) -> Route {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_closed = Arc::new(AtomicBool::new(false));
        let (closed, socket) = (is_closed.clone(), self.socket.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if closed.load(Ordering::SeqCst) {
                    return;
                }
                let server = UnixStream::connect(&socket).unwrap();
                join(client, server).unwrap();
            }
        });
        Route { host, port, name: self.name.clone(), is_closed }
    }
}

impl Route {
    /// The variables of the relation, whose parts are those of the URL.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let Self { host, port, name, .. } = self;
        let (user, password) = ("postgres", "p%40ss");
        let netloc = format!("{user}:{password}@{host}:{port}");
        let parts = [
            ("CONNECT_STRING", format!("postgresql://{netloc}/{name}")),
            ("SCHEME", "postgresql".to_owned()),
            ("NETLOC", netloc),
            ("PATH", format!("/{name}")),
            ("PARAMS", String::new()),
            ("QUERY", String::new()),
            ("FRAGMENT", String::new()),
            ("USERNAME", user.to_owned()),
            ("PASSWORD", password.to_owned()),
            ("HOSTNAME", (*host).to_owned()),
            ("PORT", port.to_string()),
            ("NAME", name.clone()),
        ];
        parts.into_iter().map(|(part, value)| (format!("POSTGRESQL_DB_{part}"), value)).collect()
    }
}

impl Drop for Route {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::SeqCst);
        // Wakes the thread, which then closes the port.
        TcpStream::connect((self.host, self.port)).ok();
    }
}

/// Passes on what each side sends, until one of them ends.
fn join(client: TcpStream, server: UnixStream) -> io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let (mut from_server, mut to_client) = (server, client);
    thread::spawn(move || {
        io::copy(&mut from_client, &mut to_server).ok();
        to_server.shutdown(Shutdown::Both).ok();
    });
    thread::spawn(move || {
        io::copy(&mut from_server, &mut to_client).ok();
        to_client.shutdown(Shutdown::Both).ok();
    });
    Ok(())
}
