//! The schema: created once, checked before work.

use hockeypuck::storage::{self, StorageError};

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
