//! The schema: created once, checked before work.

use std::str::FromStr as _;

use hockeypuck::domain::Digest;
use hockeypuck::storage::{self, StorageError};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};

use crate::support::postgres;
use crate::support::store::{World, on_both_engines, patient, sqlite_url};

/// Several units start at the same moment on an empty database.
async fn three_at_once(url: &str) {
    let tasks: Vec<_> = (0..3)
        .map(|_| {
            let url = url.to_owned();
            tokio::spawn(async move { storage::migrate(&url).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    storage::migrate(url).await.unwrap();
    storage::open(url, &patient()).await.unwrap().check().await.unwrap();
}

/// Migrating at once and again is harmless on SQLite; the directory is created.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_migrates_at_once() {
    let (_, directory) = sqlite_url();
    let path = directory.path().join("new").join("deeper").join("store.sqlite");
    three_at_once(&format!("sqlite:{}", path.display())).await;
}

/// Migrating at once and again is harmless on PostgreSQL.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_migrates_at_once() {
    three_at_once(&postgres::fresh_database().await).await;
}

on_both_engines! {
    /// A program works only on its own schema: not on none, an older, a newer, an edited or a half-done one.
    async fn other_schemas_are_refused(world: World) {
        world.store.check().await.unwrap();
        let blob = if world.url.starts_with("sqlite") { "x'00'" } else { "'\\x00'" };
        world.execute(&format!("INSERT INTO _sqlx_migrations VALUES (9999, 'future', CURRENT_TIMESTAMP, true, {blob}, 0)")).await;
        assert_schema_error(&world, "migration 9999 is from a newer program").await;
        let error = storage::migrate(&world.url).await.unwrap_err();
        assert!(matches!(error, StorageError::Schema(_)), "{error:?}");
        world.execute("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
        world.execute("UPDATE _sqlx_migrations SET success = false WHERE version = 1").await;
        assert_schema_error(&world, "migration 1 was interrupted").await;
        world.execute(&format!("UPDATE _sqlx_migrations SET success = true, checksum = {blob} WHERE version = 1")).await;
        assert_schema_error(&world, "migration 1 differs from this program's").await;
        world.execute("DELETE FROM _sqlx_migrations WHERE version = 1").await;
        assert_schema_error(&world, "migration 1 is missing; run `hockeypuck migrate`").await;
        world.execute("DROP TABLE _sqlx_migrations").await;
        assert_schema_error(&world, "_sqlx_migrations").await;
    }
}

/// The tables of reconciliation are added to a database with certificates, which stay and keep their log.
#[tokio::test(flavor = "multi_thread")]
async fn gossip_is_added_to_certificates() {
    let (sqlite, _directory) = sqlite_url();
    for (engine, url) in [("sqlite", sqlite), ("postgres", postgres::fresh_database().await)] {
        migrate_to(1, engine, &url).await;
        let blob = |digits: &str| if engine == "sqlite" { format!("x'{digits}'") } else { format!("'\\x{digits}'") };
        let (fingerprint, digest) = (blob(&"ab".repeat(20)), blob(&"cd".repeat(16)));
        execute(
            &url,
            &format!(
                "INSERT INTO certs (fingerprint, version, digest_v24, length, lists, legacy_form, summary, packets)
                 VALUES ({fingerprint}, 4, {digest}, 1, 0, 0, {fingerprint}, {fingerprint});
                 INSERT INTO changes (profile, sign, digest, fingerprint) VALUES (24, 1, {digest}, {fingerprint})"
            ),
        )
        .await;
        let store = storage::open(&url, &patient()).await.unwrap();
        assert!(matches!(store.check().await, Err(StorageError::Schema(_))), "{engine}");
        storage::migrate(&url).await.unwrap();
        store.check().await.unwrap();
        let sets = store.gossip().digest_sets().await.unwrap();
        assert_eq!((sets.v23.len(), sets.v24.as_slice()), (0, &[Digest([0xcd; 16])][..]), "{engine}");
        assert_eq!(sets.position, store.changes(0, 10).await.unwrap()[0].seq, "{engine}");
        assert_eq!(store.gossip().log_floor().await.unwrap(), 0, "{engine}");
    }
}

/// What operators do is noted in a database with blocks, whether or not the charm's older image has made its table
/// there; the rows of that stay as they are.
#[tokio::test(flavor = "multi_thread")]
async fn administration_is_added_to_blocks() {
    let (sqlite, _directory) = sqlite_url();
    let charmed = postgres::fresh_database().await;
    // As the older image makes it.
    let table = "CREATE TABLE deleted_keys (fingerprint TEXT PRIMARY KEY NOT NULL, comment TEXT NOT NULL)";
    execute(&charmed, &format!("{table}; INSERT INTO deleted_keys VALUES ('{}', 'gdpr')", "ef".repeat(20))).await;
    for (engine, url) in [("sqlite", sqlite), ("postgres", postgres::fresh_database().await), ("postgres", charmed)] {
        migrate_to(2, engine, &url).await;
        let fingerprint = if engine == "sqlite" { "x'abab'" } else { "'\\xabab'" }.replace("abab", &"ab".repeat(20));
        let block = format!("INSERT INTO blocked (fingerprint, comment, actor) VALUES ({fingerprint}, 'spam', 'op')");
        execute(&url, &block).await;
        storage::migrate(&url).await.unwrap();
        let store = storage::open(&url, &patient()).await.unwrap();
        store.check().await.unwrap();
        let [block] = &store.admin().blocks(None, 9).await.unwrap()[..] else { panic!("{engine}: one is blocked") };
        assert_eq!((block.comment.as_str(), block.is_in_effect), ("spam", true), "{engine}");
        assert_eq!(store.admin().release_ended(9).await.unwrap(), 0, "{engine}");
    }
}

/// Applies the first `count` migrations.
async fn migrate_to(count: usize, engine: &str, url: &str) {
    let directory = tempfile::tempdir().unwrap();
    let files = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(files).unwrap().map(|entry| entry.unwrap()).collect();
    files.sort_by_key(|file| file.file_name());
    for file in &files[..count] {
        std::fs::copy(file.path(), directory.path().join(file.file_name())).unwrap();
    }
    let migrator = Migrator::new(directory.path()).await.unwrap();
    match engine {
        "sqlite" => {
            let options = SqliteConnectOptions::from_str(url).unwrap().create_if_missing(true);
            migrator.run_direct(None, &mut options.connect().await.unwrap(), false).await.unwrap();
        }
        _ => migrator.run_direct(None, &mut PgConnection::connect(url).await.unwrap(), false).await.unwrap(),
    }
}

async fn execute(url: &str, statements: &str) {
    let statements = sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned()));
    if url.starts_with("sqlite:") {
        statements.execute(&mut SqliteConnection::connect(url).await.unwrap()).await.unwrap();
    } else {
        statements.execute(&mut PgConnection::connect(url).await.unwrap()).await.unwrap();
    }
}

async fn assert_schema_error(world: &World, part: &str) {
    let error = world.store.check().await.unwrap_err();
    assert!(matches!(&error, StorageError::Schema(detail) if detail.contains(part)), "{error:?}");
}

/// Every migration file is built into the program, in both engines under the same versions.
#[tokio::test]
async fn files_are_built_in() {
    let mut versions = Vec::new();
    for (engine, world) in [("sqlite", World::sqlite().await), ("postgres", World::postgres().await)] {
        let directory = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.split('_').next().unwrap().to_owned())
            .collect();
        files.sort();
        let applied = world.number("SELECT count(*) FROM _sqlx_migrations").await;
        assert_eq!(i64::try_from(files.len()).unwrap(), applied, "{engine}: touch src/storage/{engine}.rs");
        versions.push(files);
    }
    assert_eq!(versions[0], versions[1]);
}

/// A URL of anything else is refused in words.
#[tokio::test]
async fn other_urls_are_refused() {
    for url in ["mysql://localhost/x", "hockeypuck", ""] {
        let error = storage::open(url, &patient()).await.err().unwrap();
        assert!(error.to_string().contains("postgres:, postgresql: or sqlite:"), "{error}");
    }
}
