//! Free ports on the loopback.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which the system takes the ports of outgoing connections.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// Ports handed out by this process.
static GIVEN: AtomicU16 = AtomicU16::new(0);

/// A port that nobody listens on and that no other test of this process gets.
pub fn free_port() -> u16 {
    let offset = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap();
    loop {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        assert!(given < COUNT, "no free port");
        let port = FIRST + (offset + given) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
