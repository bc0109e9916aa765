//! Which of several servers a pool connects to: the one that takes writes, also after another one took over.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::{Connection, Database, Pool};
use tokio::sync::Mutex;

use super::Kept;

/// How long after an election without a result the next one begins.
const PAUSE: Duration = Duration::from_secs(1);

/// The servers of one database.
#[async_trait]
pub trait Servers<DB: Database>: Send + Sync {
    /// One that takes writes, or else one that answers; `None` while none does.
    async fn choose(&self) -> Option<Chosen<DB>>;
}

/// A server to use.
pub struct Chosen<DB: Database> {
    pub number: usize,
    pub options: <DB::Connection as Connection>::Options,
    pub takes_writes: bool,
}

/// Held when connections turn out to be broken, or refuse to write. Costs nothing otherwise.
pub struct Election<DB: Database> {
    servers: Box<dyn Servers<DB>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The number of the server that the pool connects to; `None`: the first, of which nothing is known yet.
    chosen: Option<usize>,
    not_before: Option<Instant>,
}

impl<DB: Database> Election<DB> {
    pub fn new(servers: Box<dyn Servers<DB>>) -> Self {
        Self { servers, state: Mutex::default() }
    }

    /// Makes the pool connect to the server that takes writes; while none does, to one that answers lookups. Tells
    /// whether that is another one than before.
    pub async fn hold(&self, pool: &Pool<DB>, kept: &Kept<DB>) -> bool {
        if !kept.is_suspect() {
            return false;
        }
        let mut state = self.state.lock().await;
        // Somebody else may have done it meanwhile.
        if !kept.is_suspect() || state.not_before.is_some_and(|time| Instant::now() < time) {
            return false;
        }
        let chosen = self.servers.choose().await;
        let is_settled = chosen.as_ref().is_some_and(|chosen| chosen.takes_writes);
        state.not_before = (!is_settled).then(|| Instant::now() + PAUSE);
        if is_settled {
            kept.trust();
        }
        let Some(Chosen { number, options, takes_writes }) = chosen else { return false };
        if state.chosen.replace(number) == Some(number) {
            return false;
        }
        pool.set_connect_options(options);
        kept.close_all();
        // Those to the other server that are idle.
        while let Some(mut connection) = pool.try_acquire() {
            connection.close_on_drop();
        }
        tracing::info!(server = number, takes_writes, "a database server was chosen");
        true
    }
}
