//! Clients that submit all the time, and remember what the server told them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

use crate::support::certs::{self, Owned};
use crate::support::request::{Response, submit};

/// Updates that each certificate gets after it was inserted.
const UPDATES: usize = 3;

/// Submissions that were answered with success, from all clients.
#[derive(Default)]
pub struct Journal {
    stored: Mutex<Vec<Stored>>,
    count: AtomicUsize,
    changed: Condvar,
    ended: AtomicBool,
}

/// A certificate, and the address of a user ID that the server said it had stored.
pub struct Stored {
    pub fingerprint: String,
    pub email: String,
}

impl Journal {
    /// How many submissions were answered with success.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Waits until `count` submissions have been answered with success.
    pub fn wait_for(&self, count: usize) {
        let stored = self.stored.lock().unwrap();
        drop(self.changed.wait_while(stored, |stored| stored.len() < count && !self.has_ended()).unwrap());
        assert!(!self.has_ended(), "a client has ended early");
    }

    /// Tells the clients to end.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.changed.notify_all();
    }

    pub fn into_stored(self) -> Vec<Stored> {
        self.stored.into_inner().unwrap()
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn note(&self, fingerprint: String, email: String) {
        let mut stored = self.stored.lock().unwrap();
        stored.push(Stored { fingerprint, email });
        self.count.store(stored.len(), Ordering::Release);
        self.changed.notify_all();
    }

    /// Submits fresh certificates, and then a new user ID for each, again and again, until told to
    /// end. `client` makes the addresses unique. A connection that breaks is no success; what was
    /// submitted over it is not sent again.
    pub fn run_client(&self, client: usize, server: SocketAddr) {
        let _end_with_me = EndOnPanic(self);
        for number in 0.. {
            let stem = format!("client{client}-{number}-");
            let owned = certs::small(&format!("<{stem}first@example.org>"));
            self.submit(server, &owned, &owned.packets(), format!("{stem}first@example.org"));
            for (update, packets) in owned.with_each_user_id(&stem, UPDATES).iter().enumerate() {
                if self.has_ended() {
                    return;
                }
                self.submit(server, &owned, packets, format!("{stem}{update}@example.org"));
            }
        }
    }

    fn submit(&self, server: SocketAddr, owned: &Owned, packets: &[u8], email: String) {
        match submit(server, packets) {
            Ok(Response { status: 200, .. }) => self.note(owned.fingerprint(), email),
            // While it stops, a server may say that it cannot.
            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
            // Nobody listens while the server is down.
            Err(_) => std::thread::yield_now(),
        }
    }
}

/// Makes the whole test end when one client fails.
struct EndOnPanic<'a>(&'a Journal);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
        }
    }
}
