//! Connections of either engine: bounded in number, waiting time and use.

mod election;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::{Connection, Database, Pool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;

use super::watch::{Operation, SLOW_SCAN};
use super::{PoolState, StorageError, Watch};
use election::Election;
pub use election::{Chosen, Servers};

/// How often a query runs when connections turn out to be broken.
const READ_ATTEMPTS: u32 = 2;
/// How often a transaction runs when it loses against others.
const WRITE_ATTEMPTS: u32 = 4;
/// How long a connection serves queries before the pool has it back, which tests and replaces connections.
const KEEP_LIMIT: Duration = Duration::from_secs(60);
/// How long reading a whole table may take.
pub const SCAN_TIMEOUT: Duration = Duration::from_secs(900);

/// A pool that tells "all in use" from "cannot connect", and ends what takes too long.
pub struct Connections<DB: Database> {
    pool: Pool<DB>,
    /// One permit for each connection of `pool`, which therefore never waits for anything but the database.
    slots: Arc<Semaphore>,
    kept: Arc<Kept<DB>>,
    bounds: Bounds,
    prepare: Prepare<DB>,
    /// Where there are several servers.
    election: Option<Election<DB>>,
    watch: Watch,
}

/// Makes a connection ready to write, in one round trip, which also shows that it works.
pub type Prepare<DB> = for<'c> fn(&'c mut <DB as Database>::Connection) -> BoxFuture<'c, Result<(), sqlx::Error>>;

#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub connections: u32,
    pub acquire_timeout: Duration,
    /// For all statements of one reading call.
    pub read_timeout: Duration,
    /// For all statements of one transaction.
    pub write_timeout: Duration,
}

/// A connection in use, with its slot.
pub struct Lease<DB: Database> {
    /// Always there until the lease is dropped.
    held: Option<(PoolConnection<DB>, OwnedSemaphorePermit)>,
    /// When the pool gets the connection back at the latest.
    keep_until: Instant,
    state: LeaseState,
    settle_timeout: Duration,
    kept: Arc<Kept<DB>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LeaseState {
    /// Nothing is running; a transaction may have to be rolled back.
    Finished,
    /// A query has been answered to its end, and nothing else happened.
    Clean,
    /// Statements may still be running, because nobody waited for their end.
    Unfinished,
}

/// Connections between two queries. The pool asks the database about each one that it gets back,
/// which would cost every lookup a second round trip. The last one in is the first out, so that few
/// of the database's processes work, each with warm caches.
struct Kept<DB: Database> {
    pool: Pool<DB>,
    connections: Mutex<Vec<(PoolConnection<DB>, Instant)>>,
    /// Whether connections may lead to a server that does not answer, or does not take writes.
    suspect: AtomicBool,
    /// Connections that the pool made before lead to another server.
    valid_from: Mutex<Option<Instant>>,
}

impl<DB: Database> Connections<DB> {
    /// Connects when a connection is first needed.
    pub fn new(
        options: <DB::Connection as Connection>::Options,
        bounds: Bounds,
        prepare: Prepare<DB>,
        watch: Watch,
    ) -> Self {
        let connections = bounds.connections.max(1);
        let pool = PoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(bounds.acquire_timeout)
            .test_before_acquire(false)
            .connect_lazy_with(options);
        let kept = Arc::new(Kept::new(pool.clone()));
        let slots = Arc::new(Semaphore::new(connections as usize));
        Self { pool, slots, kept, bounds, prepare, election: None, watch }
    }

    /// Connects to the one of `servers` that takes writes.
    pub fn elect(&mut self, servers: Box<dyn Servers<DB>>) {
        self.election = Some(Election::new(servers));
    }

    /// For a query, which runs once more on another connection when the first turns out to be broken.
    pub fn reading(&self) -> Attempts<'_, DB> {
        Attempts {
            connections: self,
            kind: Kind::Read,
            left: READ_ATTEMPTS,
            timeout: self.bounds.read_timeout,
            slow: self.watch.slow,
        }
    }

    /// For a query of a whole table. The deadline of statements has to be lifted to [`SCAN_TIMEOUT`] too.
    pub fn scanning(&self) -> Attempts<'_, DB> {
        Attempts { timeout: SCAN_TIMEOUT, slow: SLOW_SCAN, ..self.reading() }
    }

    /// For a transaction, which runs again when it lost against another one.
    pub fn writing(&self) -> Attempts<'_, DB> {
        Attempts {
            connections: self,
            kind: Kind::Write,
            left: WRITE_ATTEMPTS,
            timeout: self.bounds.write_timeout,
            slow: self.watch.slow,
        }
    }

    pub fn state(&self) -> PoolState {
        let limit = self.bounds.connections.max(1);
        let free = u32::try_from(self.slots.available_permits()).unwrap_or(limit);
        let idle = u32::try_from(self.pool.num_idle() + self.kept.lock().len()).unwrap_or(limit);
        PoolState { idle, in_use: limit.saturating_sub(free), limit }
    }

    pub async fn close(&self) {
        // From here on no connection is kept.
        let closing = self.pool.close();
        self.kept.give_back();
        closing.await;
    }

    async fn lease(&self) -> Result<Lease<DB>, StorageError> {
        let slot = tokio::time::timeout(self.bounds.acquire_timeout, self.slots.clone().acquire_owned())
            .await
            .map_err(|_| StorageError::Busy)?
            .map_err(|_| StorageError::Unavailable(sqlx::Error::PoolClosed))?;
        let (connection, keep_until) = match self.kept.take() {
            Some(kept) => kept,
            None => (self.acquire().await?, Instant::now() + KEEP_LIMIT),
        };
        Ok(Lease {
            held: Some((connection, slot)),
            keep_until,
            state: LeaseState::Finished,
            settle_timeout: self.bounds.write_timeout,
            kept: self.kept.clone(),
        })
    }

    /// Where there are several servers, one that does not answer is given up for another.
    async fn acquire(&self) -> Result<PoolConnection<DB>, StorageError> {
        let Some(election) = &self.election else { return self.acquire_from_pool().await };
        election.hold(&self.pool, &self.kept).await;
        let acquired = self.acquire_from_pool().await;
        if !matches!(acquired, Err(StorageError::Unavailable(_))) {
            return acquired;
        }
        self.kept.suspect();
        let is_moved = election.hold(&self.pool, &self.kept).await;
        if is_moved { self.acquire_from_pool().await } else { acquired }
    }

    async fn acquire_from_pool(&self) -> Result<PoolConnection<DB>, StorageError> {
        self.pool.acquire().await.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => StorageError::Unavailable(error),
            other => StorageError::from(other),
        })
    }

    /// A connection that has just answered, because a transaction cannot be repeated blindly.
    async fn prepared_lease(&self) -> Result<Lease<DB>, StorageError> {
        let mut lease = self.lease().await?;
        if self.make_ready(&mut lease).await.is_err() {
            // It may have been broken for long.
            drop(lease);
            lease = self.lease().await?;
            self.make_ready(&mut lease).await?;
        }
        Ok(lease)
    }

    async fn make_ready(&self, lease: &mut Lease<DB>) -> Result<(), StorageError> {
        let preparing = (self.prepare)(lease.start()?);
        let prepared = tokio::time::timeout(self.bounds.acquire_timeout, preparing).await;
        if prepared.is_err() {
            // A server that is gone does not even refuse.
            self.kept.suspect();
        }
        lease.finish(prepared.map(|answer| answer.map_err(StorageError::from)))
    }
}

/// Runs the function of a path with a connection and `$argument`s for as long as `$attempts` says. The path is the
/// name of the operation.
///
/// A macro because the futures of closures that borrow their arguments cannot be shown to be `Send`.
macro_rules! run {
    // The connection as `$link` makes it of the engine's.
    ($attempts:expr, via $link:path, $name:ident $(:: $more:ident)* $(, $argument:expr)*) => {{
        let mut attempts = $attempts;
        let mut operation = attempts.operation(concat!(stringify!($name) $(, "::", stringify!($more))*));
        loop {
            let mut lease = attempts.lease().await?;
            let work = $name $(:: $more)* ($link(lease.start()?) $(, $argument)*);
            let finished = tokio::time::timeout(attempts.timeout(), work).await;
            let result = lease.finish(finished);
            if attempts.is_clean(&result) {
                lease.keep();
            }
            drop(lease);
            if !attempts.goes_on_after(&result) {
                operation.end(&result);
                break result;
            }
        }
    }};
    ($attempts:expr, $name:ident $(:: $more:ident)* $(, $argument:expr)*) => {
        $crate::storage::pool::run!($attempts, via std::convert::identity, $name $(:: $more)* $(, $argument)*)
    };
}
pub(super) use run;

/// One call to the store, which may take several connections one after the other.
pub struct Attempts<'a, DB: Database> {
    connections: &'a Connections<DB>,
    kind: Kind,
    left: u32,
    timeout: Duration,
    slow: Duration,
}

#[derive(Clone, Copy)]
enum Kind {
    Read,
    Write,
}

impl<'a, DB: Database> Attempts<'a, DB> {
    /// Notes the call from here on.
    pub fn operation(&self, name: &'static str) -> Operation<'a> {
        Operation::start(name, DB::NAME, &self.connections.watch, self.slow)
    }

    pub async fn lease(&mut self) -> Result<Lease<DB>, StorageError> {
        self.left = self.left.saturating_sub(1);
        match self.kind {
            Kind::Read => self.connections.lease().await,
            Kind::Write => self.connections.prepared_lease().await,
        }
    }

    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// After `result` of a query nothing is left to do on its connection.
    pub fn is_clean<T>(&self, result: &Result<T, StorageError>) -> bool {
        matches!(self.kind, Kind::Read) && result.is_ok()
    }

    pub fn goes_on_after<T>(&self, result: &Result<T, StorageError>) -> bool {
        let Err(error) = result else { return false };
        let is_curable = match self.kind {
            Kind::Read => matches!(error, StorageError::Unavailable(_)),
            Kind::Write => error.is_serialization_failure(),
        };
        if is_curable && self.left > 0 {
            tracing::debug!(%error, "a database operation is repeated");
        }
        is_curable && self.left > 0
    }
}

impl<DB: Database> Lease<DB> {
    pub fn start(&mut self) -> Result<&mut DB::Connection, StorageError> {
        let (connection, _) = self.held.as_mut().ok_or(StorageError::Unavailable(sqlx::Error::PoolClosed))?;
        self.state = LeaseState::Unfinished;
        Ok(connection)
    }

    /// The connection may serve the next query as it is.
    pub fn keep(&mut self) {
        self.state = LeaseState::Clean;
    }

    /// What was started ended or ran into its deadline. A connection that broke is closed and not given to others.
    pub fn finish<T>(&mut self, finished: Result<Result<T, StorageError>, Elapsed>) -> Result<T, StorageError> {
        self.state = if finished.is_err() { LeaseState::Unfinished } else { LeaseState::Finished };
        let result = finished.unwrap_or(Err(StorageError::Timeout));
        if let (Err(error @ StorageError::Unavailable(_)), Some((connection, _))) = (&result, &mut self.held)
            && !error.is_serialization_failure()
        {
            connection.close_on_drop();
            // Others have probably been cut at the same time.
            self.kept.suspect();
            self.kept.give_back();
        }
        result
    }
}

impl<DB: Database> Kept<DB> {
    fn new(pool: Pool<DB>) -> Self {
        Self { pool, connections: Mutex::default(), suspect: AtomicBool::new(true), valid_from: Mutex::default() }
    }

    fn suspect(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }

    fn trust(&self) {
        self.suspect.store(false, Ordering::Relaxed);
    }

    fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::Relaxed)
    }

    /// Those in use are closed when they come back.
    fn close_all(&self) {
        *self.valid_from.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        for (mut connection, _) in self.lock().drain(..) {
            connection.close_on_drop();
        }
    }

    /// Whether a connection that the pool gave away [`KEEP_LIMIT`] before `until` still leads where it should.
    fn is_valid(&self, until: Instant) -> bool {
        let from = self.valid_from.lock().unwrap_or_else(PoisonError::into_inner);
        from.is_none_or(|from| until >= from + KEEP_LIMIT)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(PoolConnection<DB>, Instant)>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was in use last; those that are due go back to the pool.
    fn take(&self) -> Option<(PoolConnection<DB>, Instant)> {
        let mut connections = self.lock();
        let now = Instant::now();
        loop {
            let (connection, until) = connections.pop()?;
            if now < until {
                return Some((connection, until));
            }
        }
    }

    fn put(&self, mut connection: PoolConnection<DB>, until: Instant) {
        if !self.is_valid(until) {
            connection.close_on_drop();
            return;
        }
        let mut connections = self.lock();
        if !self.pool.is_closed() {
            connections.push((connection, until));
        }
    }

    fn give_back(&self) {
        self.lock().clear();
    }
}

impl<DB: Database> Drop for Kept<DB> {
    /// A store may be dropped where no task can be started, which giving back needs.
    fn drop(&mut self) {
        for (connection, _) in self.lock().drain(..) {
            drop(connection.detach());
        }
    }
}

impl<DB: Database> Drop for Lease<DB> {
    /// Statements that nobody waits for keep their slot until the database has ended them, so that
    /// callers who give up do not multiply its work.
    fn drop(&mut self) {
        let Some((mut connection, slot)) = self.held.take() else { return };
        match self.state {
            LeaseState::Unfinished => {}
            LeaseState::Finished => return,
            LeaseState::Clean => return self.kept.put(connection, self.keep_until),
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (settle_timeout, kept) = (self.settle_timeout, self.kept.clone());
        runtime.spawn(async move {
            let settled = tokio::time::timeout(settle_timeout, connection.ping()).await;
            if !matches!(settled, Ok(Ok(()))) {
                kept.suspect();
                connection.close_on_drop();
            }
            drop(connection);
            drop(slot);
        });
    }
}
