//! Several servers on one PostgreSQL share the work with a partner.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::processes::{metric, number, recon_address, wait_until};
use super::world::certificates;
use crate::support::backend::{Backend, runtime};
use crate::support::request;
use crate::support::server::Server;

const SESSIONS: &str = "conflux_reconciliation_success";
/// Within which the work of a server that died is done by another.
const TAKEOVER_LIMIT: Duration = Duration::from_secs(60);

/// A server that waits for sessions of those on the loopback.
pub(super) fn partner() -> (Server, String) {
    let recon = recon_address();
    let settings = [
        ("RECON_BIND", recon.as_str()),
        ("CONFLUX_RECON_PARTNER_UNITS_RECONADDR", &recon_address()),
        ("CONFLUX_RECON_PARTNER_UNITS_WEIGHT", "-1"),
    ];
    (Server::start_with(Backend::sqlite(), &settings), recon)
}

/// Servers on one database that gossip with the partner every second, and fetch from `http`.
pub(super) fn units<const N: usize>(store: &Backend, recon: &str, http: SocketAddr) -> [Server; N] {
    [(); N].map(|()| {
        let settings = [
            ("RECON_BIND", recon_address()),
            ("CONFLUX_RECON_GOSSIPINTERVALSECS", "1".to_owned()),
            ("CONFLUX_RECON_PARTNER_SOURCE_RECONADDR", recon.to_owned()),
            ("CONFLUX_RECON_PARTNER_SOURCE_HTTPADDR", http.to_string()),
        ];
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Server::start_with(store.clone(), &settings)
    })
}

pub(super) fn sessions(partner: &Server) -> f64 {
    metric(partner, SESSIONS).unwrap_or_default()
}

/// A partner sees one session per interval of all servers together, and the others go on when one is killed.
#[test]
fn partners_see_one_session_per_interval() {
    const COUNTED: f64 = 6.0;
    let (partner, recon) = partner();
    let mut units = units::<2>(&Backend::postgres(), &recon, partner.address());
    wait_until("a first session", || sessions(&partner) >= 1.0);
    let first = (Instant::now(), sessions(&partner));
    wait_until("more sessions", || sessions(&partner) >= first.1 + COUNTED);
    // Each begins nine tenths of the interval after the one before or later; half an interval is for looking.
    let least = Duration::from_secs_f64(COUNTED * 0.9 - 0.5);
    assert!(first.0.elapsed() >= least, "{COUNTED} sessions in {:?}", first.0.elapsed());
    for unit in &units {
        assert_eq!(metric(unit, "conflux_reconciliation_failure").unwrap_or_default(), 0.0);
    }
    units[0].kill();
    let before = sessions(&partner);
    wait_until("sessions of the other one", || sessions(&partner) >= before + 2.0);
}

/// Both servers fetch what one of them found, each something else; when one is killed in the middle, the other
/// fetches its part too, within a minute.
#[test]
fn another_server_takes_over() {
    const COUNT: usize = 400;
    let (partner, recon) = partner();
    for batch in certificates("takeover", COUNT).chunks(50) {
        assert_eq!(request::submit(partner.address(), &batch.concat()).unwrap().status, 200);
    }
    let (store, gate) = (Backend::postgres(), Gate::in_front_of(partner.address()));
    let mut units = units::<2>(&store, &recon, gate.address);
    let ask = |query| runtime().block_on(number(&store, query));
    wait_until("both fetch", || ask("SELECT count(DISTINCT claimed_by) FROM recovery") == 2);
    assert_eq!(ask("SELECT count(*) FROM certs"), 0);
    let claimed = ask("SELECT count(*) FROM recovery WHERE claimed_by IS NOT NULL");
    units[0].kill();
    let killed = Instant::now();
    gate.open();
    wait_until("everything", || ask("SELECT count(*) FROM certs") == i64::try_from(COUNT).unwrap());
    assert!(killed.elapsed() <= TAKEOVER_LIMIT, "{:?}", killed.elapsed());
    assert!(claimed > 0);
    wait_until("the end of the queue", || ask("SELECT count(*) FROM recovery") == 0);
    let [_, living] = &units;
    let trees = [("2.3", COUNT), ("2.4", COUNT)];
    for (profile, count) in trees {
        let name = format!("hockeypuck_recon_tree_elements{{profile=\"{profile}\"}}");
        wait_until("the trees", || {
            let text = request::get(living.metrics(), "/metrics").unwrap().text();
            text.lines().any(|line| line == format!("{name} {count}"))
        });
    }
}

/// Passes connections on once it is open; until then they hang.
struct Gate {
    address: SocketAddr,
    opened: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    /// Lives as long as the test process.
    fn in_front_of(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, opened) = (listener.local_addr().unwrap(), Arc::new((Mutex::new(false), Condvar::new())));
        let is_open = opened.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let is_open = is_open.clone();
                thread::spawn(move || {
                    drop(is_open.1.wait_while(is_open.0.lock().unwrap(), |is_open| !*is_open).unwrap());
                    relay(&stream, server);
                });
            }
        });
        Self { address, opened }
    }

    fn open(&self) {
        *self.opened.0.lock().unwrap() = true;
        self.opened.1.notify_all();
    }
}

/// Ends with the first of both sides.
fn relay(client: &TcpStream, server: SocketAddr) {
    let Ok(server) = TcpStream::connect(server) else { return };
    let copy = |mut from: &TcpStream, mut to: &TcpStream| {
        // Either side may go at any time.
        std::io::copy(&mut from, &mut to).ok();
        for side in [from, to] {
            side.shutdown(std::net::Shutdown::Both).ok();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| copy(client, &server));
        copy(&server, client);
    });
}
