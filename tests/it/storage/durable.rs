//! Commits on PostgreSQL wait for the disk, whatever the operator's defaults are.

use std::time::Duration;

use hockeypuck::storage;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::support::postgres::fresh_database;
use crate::support::records::{sample, v4};
use crate::support::store::patient;

/// Notes by which rules each transaction that writes certificates, the log or turns is going to be committed.
const WATCH: [&str; 5] = [
    "CREATE TABLE watched (place text NOT NULL, rule text NOT NULL)",
    "CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     INSERT INTO watched VALUES (TG_TABLE_NAME, current_setting('synchronous_commit')); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER watch AFTER INSERT OR DELETE ON certs DEFERRABLE INITIALLY DEFERRED \
     FOR EACH ROW EXECUTE FUNCTION watch()",
    "CREATE CONSTRAINT TRIGGER watch AFTER INSERT ON changes DEFERRABLE INITIALLY DEFERRED \
     FOR EACH ROW EXECUTE FUNCTION watch()",
    "CREATE CONSTRAINT TRIGGER watch AFTER INSERT ON partners DEFERRABLE INITIALLY DEFERRED \
     FOR EACH ROW EXECUTE FUNCTION watch()",
];

/// What the transactions of a store are committed by that was opened where `rule` is the database's.
async fn rules(rule: &str) -> Vec<(String, String)> {
    let url = fresh_database().await;
    storage::migrate(&url).await.unwrap();
    let mut operator = PgConnection::connect(&url).await.unwrap();
    for statement in WATCH {
        operator.execute(statement).await.unwrap();
    }
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut operator).await.unwrap();
    let statement = format!("ALTER DATABASE {name} SET synchronous_commit = {rule}");
    operator.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    let store = storage::open(&url, &patient()).await.unwrap();
    // Reading connections become writing ones.
    assert_eq!(store.count().await.unwrap(), 0);
    store.put(&[sample(1).new_put()]).await.unwrap();
    store.gossip().lease_partner("partner", "unit", Duration::ZERO).await.unwrap();
    store.put(&[sample(2).new_put()]).await.unwrap();
    store.remove(&[v4(1)]).await.unwrap();
    store.close().await;
    sqlx::query_as("SELECT place, rule FROM watched ORDER BY 1, 2").fetch_all(&mut operator).await.unwrap()
}

/// No write is committed without waiting, although the database says so.
#[tokio::test(flavor = "multi_thread")]
async fn off_is_overruled() {
    let rules = rules("off").await;
    assert!(rules.iter().all(|(_, rule)| rule == "on"), "{rules:?}");
    for (place, count) in [("certs", 3), ("partners", 1)] {
        assert_eq!(rules.iter().filter(|(watched, _)| watched == place).count(), count, "{rules:?}");
    }
    assert!(rules.iter().any(|(place, _)| place == "changes"));
}

/// An operator who waits for other servers as well, or for this one only, is obeyed.
#[tokio::test(flavor = "multi_thread")]
async fn other_choices_stay() {
    for choice in ["on", "local", "remote_write", "remote_apply"] {
        let rules = rules(choice).await;
        assert!(!rules.is_empty() && rules.iter().all(|(_, rule)| rule == choice), "{choice}: {rules:?}");
    }
}
