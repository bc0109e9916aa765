//! No lookup and no step of a pass reads one of Hockeypuck's tables from end to end: the plans of the very statements.

use hockeypuck::storage::postgres::adopt as statements;
use sqlx::{Connection as _, PgConnection};

use super::world::World;
use crate::support::hockeypuck::Release;

const ROWS: u32 = 50_000;

const FILL: [&str; 4] = [
    "INSERT INTO keys (rfingerprint, doc, ctime, mtime, md5, keywords, idxtime, vfingerprint)
     SELECT encode(sha1, 'hex'), '{}', now(), now(), md5(n::text),
         array_to_tsvector(ARRAY['user' || n || '@example.org', 'user' || n, 'example.org']), now(), '04' || encode(sha1, 'hex')
     FROM (SELECT n, substr(sha256(int4send(n)), 1, 20) AS sha1 FROM generate_series(1, {ROWS}) AS n) AS numbered",
    "INSERT INTO subkeys (rfingerprint, rsubfp, vsubfp)
     SELECT rfingerprint, md5(rfingerprint) || 'abcdef01', '04' || md5(rfingerprint) || 'abcdef01' FROM keys",
    "INSERT INTO certs (fingerprint, version, digest_v23, digest_v24, length, lists, legacy_form, summary, packets)
     SELECT sha256(int4send(n)), 6, uuid_send(md5('23' || n)::uuid), uuid_send(md5('24' || n)::uuid), 3, 0, 0, 'xyz', 'xyz'
     FROM generate_series(1, {ROWS}) AS n",
    "ANALYZE",
];

/// With the plan for known parameters and with the one that prepared statements end up with, except for words, which
/// are never searched for with a prepared statement.
#[tokio::test(flavor = "multi_thread")]
async fn statements_use_indexes() {
    let world = World::new(Release::V24, &[]).await;
    for fill in FILL {
        world.source.run(&fill.replace("{ROWS}", &ROWS.to_string())).await;
    }
    world.store.adoption().find_foreign().await.unwrap();
    let digits = "'77aa77aa77aa77aa'";
    let all = [
        (statements::PAGE, "'77', '-infinity', 1000".to_owned()),
        (statements::BY_FINGERPRINT, format!("100, {digits}")),
        (statements::BY_KEYS, format!("100, {digits}")),
        (statements::BY_KEYS_OF_ANY_VERSION, format!("100, {digits}, '0677aa77aa77aa77aa'")),
        (statements::BY_WORDS, "100, '''user77@example.org''', 'user77@example.org'".to_owned()),
        (statements::BY_DIGESTS, "100, ARRAY['77', '78']".to_owned()),
        (statements::DOCUMENTS, "ARRAY['77', '78'], 1000".to_owned()),
    ];
    let mut connection = PgConnection::connect(&world.source.url).await.unwrap();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        run(&mut connection, &format!("SET plan_cache_mode = {mode}")).await;
        let is_used = |statement: &str| mode == "force_custom_plan" || !statement.contains("tsquery");
        for (statement, parameters) in all.iter().filter(|(statement, _)| is_used(statement)) {
            run(&mut connection, &format!("PREPARE explained AS {statement}")).await;
            let explain = format!("EXPLAIN EXECUTE explained ({parameters})");
            let plan: Vec<String> =
                sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
            let plan = plan.join("\n");
            for table in ["keys", "subkeys", "certs"] {
                assert!(!plan.contains(&format!("Seq Scan on {table}")), "{mode}\n{statement}\n{plan}");
            }
            assert!(plan.contains("Index"), "{mode}\n{statement}\n{plan}");
            run(&mut connection, "DEALLOCATE explained").await;
        }
    }
}

async fn run(connection: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(connection).await.unwrap();
}
