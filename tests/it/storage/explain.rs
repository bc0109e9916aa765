//! No search reads a whole table: the plans of the very statements that the store uses, on many rows.

use hockeypuck::storage::sql;
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::support::store::World;

const ROWS: u32 = 100_000;

/// Every statement that a stranger can cause, with its parameters as literals of either engine.
fn statements(
    words: &sql::SearchStatements,
    by_digests: &'static str,
    literals: &Literals,
) -> Vec<(String, Vec<String>)> {
    let limit = "100".to_owned();
    let mut all = Vec::new();
    for (search, parameters) in [
        (&sql::BY_FINGERPRINT, vec![limit.clone(), "77".into(), literals.blob.into()]),
        (&sql::BY_KEY_ID, vec![limit.clone(), "77".into()]),
        (&sql::BY_EMAIL, vec![limit.clone(), "'user77@example.org'".into()]),
        (words, vec![limit.clone(), literals.words.into()]),
        (&sql::BY_DIGEST, vec![limit.clone(), literals.blob.into()]),
    ] {
        all.push((search.certificates.to_owned(), parameters.clone()));
        all.push((search.summaries.to_owned(), parameters));
    }
    all.push((by_digests.to_owned(), vec![literals.blobs.into(), "1000000".into()]));
    all.push((sql::DIGESTS.to_owned(), vec![literals.blob.into(), limit.clone()]));
    all.push((sql::CHANGES.to_owned(), vec!["5".into(), limit]));
    all
}

struct Literals {
    blob: &'static str,
    blobs: &'static str,
    words: &'static str,
}

/// PostgreSQL, with the plan for known parameters and with the one that prepared statements end up with,
/// except for words, which are never searched for with a prepared statement.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_searches_use_indexes() {
    let world = World::postgres().await;
    for fill in [
        "INSERT INTO certs (fingerprint, version, digest_v23, digest_v24, length, lists, legacy_form, summary, packets)
         SELECT sha256(int4send(n)), 6, uuid_send(md5('23' || n)::uuid), uuid_send(md5('24' || n)::uuid), 3, 0, 0, repeat('s', 200)::bytea, 'xyz'
         FROM generate_series(1, {ROWS}) AS n",
        "INSERT INTO cert_keys (cert_id, key_id, is_primary, fingerprint)
         SELECT n, n * 2 + k, 1 - k, sha256(int4send(n * 2 + k)) FROM generate_series(1, {ROWS}) AS n, generate_series(0, 1) AS k",
        "INSERT INTO user_ids (cert_id, email, words)
         SELECT n, 'user' || n || '@example.org', array_to_tsvector(ARRAY['user' || n, 'name' || n % 1000, 'example.org'])
         FROM generate_series(1, {ROWS}) AS n",
        "INSERT INTO changes (profile, sign, digest, fingerprint) SELECT 24, 1, digest_v24, fingerprint FROM certs",
        "ANALYZE",
    ] {
        world.execute(&fill.replace("{ROWS}", &ROWS.to_string())).await;
    }
    let literals =
        Literals { blob: r"'\x77'", blobs: r"ARRAY['\x77', '\x78']::bytea[]", words: "'''user77'' & ''name77'''" };
    let words = &hockeypuck::storage::postgres::find::BY_KEYWORDS;
    let by_digests = hockeypuck::storage::postgres::find::BY_DIGESTS;
    let mut all = statements(words, by_digests, &literals);
    let merge_bases = hockeypuck::storage::postgres::find::MERGE_BASES;
    all.push((merge_bases.to_owned(), vec![literals.blobs.into()]));
    let mut connection = PgConnection::connect(&world.url).await.unwrap();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        run(&mut connection, &format!("SET plan_cache_mode = {mode}")).await;
        let is_used = |statement: &str| mode == "force_custom_plan" || !statement.contains("tsquery");
        for (statement, parameters) in all.iter().filter(|(statement, _)| is_used(statement)) {
            run(&mut connection, &format!("PREPARE explained AS {statement}")).await;
            let explain = format!("EXPLAIN EXECUTE explained ({})", parameters.join(", "));
            let plan: Vec<String> =
                sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
            let plan = plan.join("\n");
            assert!(plan.contains("Index"), "{mode}\n{statement}\n{plan}");
            assert!(!plan.contains("Seq Scan"), "{mode}\n{statement}\n{plan}");
            run(&mut connection, "DEALLOCATE explained").await;
        }
    }
}

/// The check above sees a sequential scan when there is one.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_plans_tell_sequential_scans() {
    let world = World::postgres().await;
    let mut connection = PgConnection::connect(&world.url).await.unwrap();
    let explain = "EXPLAIN SELECT id FROM certs WHERE length = 3";
    let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut connection).await.unwrap();
    assert!(plan.join("\n").contains("Seq Scan"), "{plan:?}");
}

/// SQLite: tables are searched by an index; only answers of subqueries, lists of parameters and the full-text
/// index itself are scanned.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_searches_use_indexes() {
    let world = World::sqlite().await;
    let numbers =
        format!("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS})");
    for fill in [
        "INSERT INTO certs (id, fingerprint, version, digest_v23, digest_v24, length, lists, legacy_form, summary, packets)
         {numbers} SELECT n, randomblob(32), 6, randomblob(16), randomblob(16), 3, 0, 0, zeroblob(200), x'00' FROM numbers",
        "INSERT INTO cert_keys (cert_id, key_id, is_primary, fingerprint) {numbers} SELECT n, n, 1, randomblob(32) FROM numbers",
        "INSERT INTO user_ids (id, cert_id, email) {numbers} SELECT n, n, 'user' || n || '@example.org' FROM numbers",
        "INSERT INTO user_words (rowid, words) {numbers} SELECT n, 'user' || n || ' name' || n % 1000 FROM numbers",
        "INSERT INTO changes (profile, sign, digest, fingerprint) SELECT 24, 1, digest_v24, fingerprint FROM certs",
        "ANALYZE",
    ] {
        world.execute(&fill.replace("{numbers}", &numbers)).await;
    }
    let literals = Literals { blob: "x'77'", blobs: r#"'["77","78"]'"#, words: r#"'"user77" AND "name77"'"# };
    let words = &hockeypuck::storage::sqlite::find::BY_KEYWORDS;
    let by_digests = hockeypuck::storage::sqlite::find::BY_DIGESTS;
    let mut all = statements(words, by_digests, &literals);
    let merge_bases = hockeypuck::storage::sqlite::find::MERGE_BASES;
    all.push((merge_bases.to_owned(), vec![literals.blobs.into()]));
    let mut connection = SqliteConnection::connect(&world.url).await.unwrap();
    for (statement, parameters) in all {
        let details = sqlite_plan(&mut connection, &statement, parameters).await;
        let scanned: Vec<&str> = details.iter().filter_map(|detail| detail.strip_prefix("SCAN ")).collect();
        let is_harmless = |what: &&str| {
            ["m", "json_each VIRTUAL TABLE", "user_words VIRTUAL TABLE INDEX 0:M", "(subquery-"]
                .iter()
                .any(|harmless| *what == *harmless || (harmless.len() > 1 && what.starts_with(harmless)))
        };
        assert!(scanned.iter().all(is_harmless), "{statement}\n{details:#?}");
        assert!(details.iter().any(|detail| detail.starts_with("SEARCH")), "{statement}\n{details:#?}");
    }
}

/// What SQLite does for a statement, step by step, with literals for its parameters.
pub(super) async fn sqlite_plan(
    connection: &mut SqliteConnection,
    statement: &str,
    parameters: impl IntoIterator<Item = impl AsRef<str>>,
) -> Vec<String> {
    let mut explain = format!("EXPLAIN QUERY PLAN {statement}");
    for (n, parameter) in parameters.into_iter().enumerate() {
        explain = explain.replace(&format!("${}", n + 1), parameter.as_ref());
    }
    let rows: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(sqlx::AssertSqlSafe(explain)).fetch_all(connection).await.unwrap();
    rows.into_iter().map(|(.., detail)| detail).collect()
}

pub(super) async fn run(connection: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(connection).await.unwrap();
}
