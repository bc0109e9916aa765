//! Trees never differ from the table, whatever happens to processes and database.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use hockeypuck::domain::Fingerprint;
use hockeypuck::storage::admin::{Block, Known};
use hockeypuck::storage::{self, Store};
use sqlx::{Connection as _, PgConnection};

use super::processes::{PATIENCE, metric, number, recon_address, wait_until};
use crate::durability::audit::assert_log_matches_table;
use crate::support::backend::{Backend, runtime};
use crate::support::certs::{self, Owned};
use crate::support::forge::Dice;
use crate::support::postgres::Cluster;
use crate::support::server::Server;
use crate::support::store::patient;
use crate::support::{ptree, request};

const SEED: u64 = 20;
const UNITS: usize = 3;
const CLIENTS: usize = 3;
const KILLS: usize = 20;
/// How PostgreSQL ends before which kills.
const RESTARTS: [(usize, &str); 2] = [(7, "fast"), (14, "immediate")];

/// Three servers on one PostgreSQL, of which one is killed again and again, and PostgreSQL ended twice, while
/// certificates are inserted, merged, deleted and blocked: at the end every tree of every server has exactly the
/// digests of the table, and none had to be mended on the way.
#[test]
fn trees_equal_the_table() {
    let mut cluster = Cluster::private();
    let store = Backend::Postgres(runtime().block_on(cluster.fresh_database()));
    let mut units: Vec<Server> =
        (0..UNITS).map(|_| Server::start_with(store.clone(), &[("RECON_BIND", &recon_address())])).collect();
    let addresses: Vec<SocketAddr> = units.iter().map(Server::address).collect();
    let (has_ended, (done, progress)) = (AtomicBool::new(false), channel());
    thread::scope(|scope| {
        // However this ends, the clients end too.
        let _end = End(&has_ended);
        for number in 0..CLIENTS {
            let (addresses, store, has_ended, done) = (&addresses, &store, &has_ended, done.clone());
            scope.spawn(move || Client::new(number, addresses, store, done).run(has_ended));
        }
        drop(done);
        let mut dice = Dice::new(SEED);
        for kill in 0..KILLS {
            wait_for(&progress, 5 + dice.below(20));
            if let Some((_, mode)) = RESTARTS.iter().find(|(before, _)| *before == kill) {
                cluster.restart(mode);
                wait_for(&progress, dice.below(12));
            }
            let unit = &mut units[dice.below(UNITS)];
            unit.kill();
            wait_for(&progress, dice.below(6));
            unit.restart();
        }
        wait_for(&progress, 30);
    });
    assert_trees_equal_the_table(&units, &store);
    assert_log_matches_table(&store);
}

fn assert_trees_equal_the_table(units: &[Server], store: &Backend) {
    let counts = ["SELECT count(digest_v23) FROM certs", "SELECT count(digest_v24) FROM certs"];
    let stored = counts.map(|query| runtime().block_on(number(store, query)));
    assert!(stored.iter().all(|count| *count > 0), "{stored:?}");
    for unit in units {
        wait_until("that the server is on the list", || runtime().block_on(is_listed(store, unit.id())));
    }
    let (answers, code) = ptree::objects(store, "check");
    assert_eq!(code, Some(0), "{answers:#?}");
    let mut processes: Vec<u32> = answers.iter().filter_map(ptree::process).collect();
    processes.sort_unstable();
    let mut expected: Vec<u32> = units.iter().map(Server::id).collect();
    expected.sort_unstable();
    assert_eq!(processes, expected);
    for answer in &answers {
        assert_eq!(ptree::trees(answer, "elements"), stored);
        assert_eq!(ptree::trees(answer, "stored"), stored);
    }
    for unit in units {
        assert_eq!(metric(unit, "hockeypuck_recon_contradictions_total"), Some(0.0));
    }
}

async fn is_listed(store: &Backend, process: u32) -> bool {
    let mut connection = PgConnection::connect(&store.url()).await.unwrap();
    let query = "SELECT count(*) FROM units WHERE id LIKE $1 AND position IS NOT NULL";
    let count: i64 = sqlx::query_scalar(query).bind(format!("%-{process}-%")).fetch_one(&mut connection).await.unwrap();
    count == 1
}

/// Waits for so many more changes of the store.
fn wait_for(progress: &Receiver<()>, count: usize) {
    for _ in 0..count {
        progress.recv_timeout(PATIENCE).expect("the clients go on");
    }
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Changes the store all the time, through any of the servers and behind them.
struct Client<'a> {
    number: usize,
    dice: Dice,
    servers: &'a [SocketAddr],
    store: &'a Backend,
    done: Sender<()>,
    owned: Vec<Owned>,
}

impl<'a> Client<'a> {
    fn new(number: usize, servers: &'a [SocketAddr], store: &'a Backend, done: Sender<()>) -> Self {
        Self { number, dice: Dice::new(SEED + 1 + number as u64), servers, store, done, owned: Vec::new() }
    }

    fn run(mut self, has_ended: &AtomicBool) {
        let runtime = runtime();
        let store = runtime.block_on(storage::open(&self.store.url(), &patient())).unwrap();
        for turn in 0.. {
            if has_ended.load(Ordering::Acquire) {
                break;
            }
            let stem = format!("client{}-{turn}-", self.number);
            match self.dice.below(10) {
                _ if self.owned.is_empty() => self.insert(&stem),
                0..4 => self.insert(&stem),
                4..8 => self.merge(&stem),
                8 => {
                    let fingerprint = self.any();
                    self.told(runtime.block_on(store.remove(&[fingerprint])).is_ok());
                }
                _ => runtime.block_on(self.block(&store)),
            }
        }
        runtime.block_on(store.close());
    }

    fn insert(&mut self, stem: &str) {
        let owned = certs::small(&format!("<{stem}@example.org>"));
        self.submit(&owned.packets());
        self.owned.push(owned);
    }

    fn merge(&mut self, stem: &str) {
        let chosen = self.dice.below(self.owned.len());
        let packets = self.owned[chosen].with_each_user_id(stem, 1).concat();
        self.submit(&packets);
    }

    /// Blocks and deletes a certificate, which then cannot come back.
    async fn block(&mut self, store: &Store) {
        let fingerprints = [self.any()];
        let block =
            Block { fingerprints: &fingerprints, comment: "", actor: "", expires_at: None, known: Known::Overwrite };
        self.told(store.admin().block(&block).await.is_ok());
    }

    fn any(&mut self) -> Fingerprint {
        self.dice.pick(&self.owned).fingerprint().to_lowercase().parse().unwrap()
    }

    /// Nobody listens while the server is down, and it says so while the database is.
    fn submit(&mut self, packets: &[u8]) {
        let server = *self.dice.pick(self.servers);
        let status = request::submit(server, packets).ok().map(|answer| answer.status);
        assert!(matches!(status, None | Some(200 | 422 | 503)), "{status:?}");
        self.told(status == Some(200));
    }

    fn told(&self, is_done: bool) {
        if is_done {
            // Nobody counts any more once the test ends.
            self.done.send(()).ok();
        }
    }
}
