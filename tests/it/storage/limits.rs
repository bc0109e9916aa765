//! What a store does when it cannot do what it is asked.

use std::time::{Duration, Instant};

use hockeypuck::domain::Search;
use hockeypuck::storage::PutOutcome::{Inserted, Updated};
use hockeypuck::storage::{self, PoolState, StorageError, StoreLimits};
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};

use crate::support::records::{sample, v4};
use crate::support::store::{World, on_both_engines};

fn impatient() -> StoreLimits {
    StoreLimits {
        connections: 2,
        acquire_timeout: Duration::from_millis(300),
        statement_timeout: Duration::from_millis(1200),
    }
}

/// Somebody else's lock on `certs`, against readers and writers.
async fn lock_certs(url: &str) -> PgConnection {
    let mut other = PgConnection::connect(url).await.unwrap();
    other.execute("BEGIN; LOCK TABLE certs IN ACCESS EXCLUSIVE MODE").await.unwrap();
    other
}

/// A statement that waits for somebody's lock ends at its deadline, and the store works again afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_statements_have_deadlines() {
    let world = World::postgres().await;
    let store = storage::open(&world.url, &impatient()).await.unwrap();
    let mut other = lock_certs(&world.url).await;
    let batch = [sample(1).new_put()];
    let began = Instant::now();
    let (read, written) = tokio::join!(store.count(), store.put(&batch));
    assert!(matches!(read, Err(StorageError::Timeout)), "{read:?}");
    assert!(matches!(written, Err(StorageError::Timeout)), "{written:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(store.put(&[sample(1).new_put()]).await.unwrap(), [Inserted]);
}

/// When all connections are in use, others are refused soon and told so; callers who give up do not free
/// their place before the database has ended their statements.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_busy_when_all_connections_are() {
    let world = World::postgres().await;
    let limits = StoreLimits { statement_timeout: Duration::from_secs(120), ..impatient() };
    let store = storage::open(&world.url, &limits).await.unwrap();
    let mut other = lock_certs(&world.url).await;
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.count().await })
        })
        .collect();
    world.wait_for_waiting_statements(2).await;
    assert_eq!(store.pool(), PoolState { idle: 0, in_use: 2, limit: 2 });
    assert!(matches!(store.count().await, Err(StorageError::Busy)));
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    for task in waiting {
        assert!(task.await.unwrap_err().is_cancelled());
    }
    assert!(matches!(store.count().await, Err(StorageError::Busy)));
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(world.store.count().await.unwrap(), 0);
    let patient = tokio::time::timeout(Duration::from_secs(60), async { while store.count().await.is_err() {} });
    patient.await.unwrap();
}

/// Connections that the server closed are replaced without an error to the caller, in reading and in writing.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_broken_connections_are_replaced() {
    let world = World::postgres().await;
    let store = storage::open(&world.url, &StoreLimits { connections: 1, ..impatient() }).await.unwrap();
    for round in 0..3 {
        store.count().await.unwrap();
        world.end_connections().await;
        assert_eq!(store.count().await.unwrap(), round);
        world.end_connections().await;
        assert_eq!(store.put(&[sample(u32::try_from(round).unwrap()).new_put()]).await.unwrap(), [Inserted]);
    }
}

/// A write that is cut off before its commit leaves nothing, and can be sent again.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_writes_that_break_are_undone() {
    let world = World::postgres().await;
    world.put(&[sample(1).new_put()]).await;
    let mut other = PgConnection::connect(&world.url).await.unwrap();
    let lock = i64::from_be_bytes(*b"hkp:log\0");
    other.execute(sqlx::AssertSqlSafe(format!("SELECT pg_advisory_lock({lock})"))).await.unwrap();
    let batch = || [sample(1).generation(1).put_over(1), sample(2).new_put()];
    let store = world.store.clone();
    let broken = tokio::spawn(async move { store.put(&batch()).await });
    world.wait_for_waiting_statements(1).await;
    world.end_waiting_connections().await;
    let broken = broken.await.unwrap();
    assert!(matches!(broken, Err(StorageError::Unavailable(_))), "{broken:?}");
    assert_eq!(world.store.count().await.unwrap(), 1);
    other.close().await.unwrap();
    assert_eq!(world.put(&batch()).await, [Updated, Inserted]);
    world.assert_log_leads_to_digests().await;
}

/// A write that loses a deadlock against somebody who locks in another order is made again.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_writes_that_lose_are_repeated() {
    let world = World::postgres().await;
    let mut numbers = [1, 2];
    numbers.sort_by(|a, b| v4(*a).as_bytes().cmp(v4(*b).as_bytes()));
    world.put(&[sample(1).new_put(), sample(2).new_put()]).await;
    let mut other = PgConnection::connect(&world.url).await.unwrap();
    // The store's side looks for a deadlock after three seconds, when there is one, and long before the other side.
    let name = world.database().to_owned();
    world.execute(&format!("ALTER DATABASE {name} SET deadlock_timeout = '3s'")).await;
    other.execute("SET deadlock_timeout = '100s'").await.unwrap();
    let lock = |n| {
        let (literal, _) = world.blob_and_expiry(v4(n).as_bytes(), false);
        sqlx::AssertSqlSafe(format!("SELECT 1 FROM certs WHERE fingerprint = {literal} FOR UPDATE"))
    };
    other.execute("BEGIN").await.unwrap();
    other.execute(lock(numbers[1])).await.unwrap();
    let store = storage::open(&world.url, &crate::support::store::patient()).await.unwrap();
    let put = tokio::spawn(async move {
        store.put(&[sample(1).generation(1).put_over(1), sample(2).generation(1).put_over(1)]).await
    });
    world.wait_for_waiting_statements(1).await;
    other.execute(lock(numbers[0])).await.unwrap();
    other.execute("COMMIT").await.unwrap();
    assert_eq!(put.await.unwrap().unwrap(), [Updated; 2]);
}

/// A server that is not there is told from a busy one.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_is_away_is_unavailable() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("postgres:///none?host={}&user=postgres", directory.path().display());
    let store = storage::open(&url, &impatient()).await.unwrap();
    let error = store.check().await.unwrap_err();
    assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
    assert!(error.is_transient());
    assert!(matches!(storage::migrate(&url).await, Err(StorageError::Unavailable(_))));
}

/// A refused TCP connection is told from a busy pool too, though the pool keeps trying.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_refuses_is_unavailable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let store = storage::open(&format!("postgres://nobody@127.0.0.1:{port}/none"), &impatient()).await.unwrap();
    let error = store.count().await.unwrap_err();
    assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
}

/// A standby, or a database set to read-only, is not ready for work.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_read_only_is_unavailable() {
    let world = World::postgres().await;
    let name = world.database().to_owned();
    world.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    let store = storage::open(&world.url, &impatient()).await.unwrap();
    assert!(matches!(store.check().await, Err(StorageError::Unavailable(_))));
    assert!(matches!(store.put(&[sample(1).new_put()]).await, Err(StorageError::Unavailable(_))));
    assert_eq!(store.count().await.unwrap(), 0);
}

/// Another process that writes for too long makes writers fail in time; readers do not notice.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_writers_have_deadlines() {
    let world = World::sqlite().await;
    let store = storage::open(&world.url, &impatient()).await.unwrap();
    let mut other = SqliteConnection::connect(&world.url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let written = store.put(&[sample(1).new_put()]).await;
    assert!(matches!(written, Err(StorageError::Timeout)), "{written:?}");
    assert_eq!(store.count().await.unwrap(), 0);
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(store.put(&[sample(1).new_put()]).await.unwrap(), [Inserted]);
}

/// While one write waits for another process, further writers are refused soon instead of queueing without end.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_busy_when_its_writer_is() {
    let world = World::sqlite().await;
    let limits = StoreLimits { statement_timeout: Duration::from_secs(120), ..impatient() };
    let store = storage::open(&world.url, &limits).await.unwrap();
    let mut other = SqliteConnection::connect(&world.url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.put(&[sample(1).new_put()]).await }
    });
    while store.pool().in_use == 0 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(store.put(&[sample(2).new_put()]).await, Err(StorageError::Busy)));
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), [Inserted]);
}

/// A file that is not there is not created by reading.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_without_a_file_is_unavailable() {
    let (url, directory) = crate::support::store::sqlite_url();
    let store = storage::open(&url, &impatient()).await.unwrap();
    assert!(matches!(store.check().await, Err(StorageError::Unavailable(_))));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

on_both_engines! {
    /// Callers that go away in the middle of a write leave it whole or undone, and the store usable.
    async fn dropped_calls_are_harmless(world: World) {
        for n in 0..40 {
            let puts: Vec<_> = (0..5).map(|k| sample(n * 10 + k).user_id("Alice").subkey(v4(9000 + n * 10 + k)).new_put()).collect();
            let limit = Duration::from_micros(u64::from(n) * 150);
            let _ = tokio::time::timeout(limit, world.store.put(&puts)).await;
        }
        world.put(&[sample(5000).new_put()]).await;
        let count = world.store.count().await.unwrap();
        assert_eq!(count % 5, 1, "a batch was written in part");
        let found = world.store.certificates(&Search::Keywords(vec!["alice".into()]), 1000).await.unwrap();
        assert_eq!(found.len() as u64, count - 1);
        world.assert_log_leads_to_digests().await;
    }
}

on_both_engines! {
    /// A closed store refuses and says so.
    async fn closed_stores_refuse(world: World) {
        world.store.count().await.unwrap();
        world.store.close().await;
        assert!(matches!(world.store.count().await, Err(StorageError::Unavailable(_))));
        assert!(matches!(world.store.put(&[sample(1).new_put()]).await, Err(StorageError::Unavailable(_))));
    }
}
