//! The schema for taking over.

use hockeypuck::storage;

use super::world::World;
use crate::support::hockeypuck::{Release, Source, certificates};
use crate::support::postgres;

/// This program's tables are created beside those of Hockeypuck, whose names none of them has, and in a database
/// with certificates of both.
#[tokio::test(flavor = "multi_thread")]
async fn tables_stand_beside_each_other() {
    let source = Source::create(&postgres::fresh_database().await, Release::V24).await;
    source.put(&certificates(5)).await;
    let before = source.checksum().await;
    storage::migrate(&source.url).await.unwrap();
    storage::migrate(&source.url).await.unwrap();
    assert_eq!(source.checksum().await, before);
    let tables = "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public' AND tablename IN
        ('keys', 'subkeys', 'userids', 'pks_status', 'certs', 'cert_keys', 'user_ids', 'adoptions', 'adoption_rejects')";
    assert_eq!(source.text(tables).await, "9");
}

/// The schema before this one, with certificates in it, gets the new tables, and nothing to take over.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_schema_is_extended() {
    let world = World::new(Release::V23, &certificates(5)).await;
    world.adopt().await;
    world.source.run("DROP TABLE adoptions, adoption_rejects; DELETE FROM _sqlx_migrations WHERE version = 4").await;
    assert!(world.store.check().await.is_err());
    storage::migrate(&world.source.url).await.unwrap();
    world.store.check().await.unwrap();
    // Whoever loses the account reads all again, and finds all of it stored.
    let pass = world.adopt().await;
    assert_eq!((pass.tally.read, pass.tally.unchanged), (5, 5));
}

/// Other tables that happen to have the same names are left alone.
#[tokio::test(flavor = "multi_thread")]
async fn other_tables_are_not_hockeypucks() {
    let url = postgres::fresh_database().await;
    crate::support::store::execute(&url, "CREATE TABLE keys (id bigint, doc text)").await;
    storage::migrate(&url).await.unwrap();
    let store = storage::open(&url, &crate::support::store::patient()).await.unwrap();
    assert_eq!(store.adoption().find_foreign().await.unwrap(), storage::adopt::Foreign::Absent);
    assert!(!store.adoption().find_changed().await.unwrap());
    assert_eq!(store.adoption().adoption().await.unwrap(), []);
}
