//! What runs in loops reads no whole table, in the plans of the very statements that the store uses.

use hockeypuck::storage::gossip::{partners, recovery, sets, settled, units};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::super::explain::{run, sqlite_plan};
use crate::support::store::World;

const ROWS: u32 = 50_000;

/// A parameter, by what it is.
#[derive(Clone, Copy)]
enum Kind {
    Digest,
    Digests,
    Text,
    Number,
}

impl Kind {
    fn of(code: char) -> Self {
        match code {
            'd' => Self::Digests,
            'p' => Self::Text,
            _ => Self::Number,
        }
    }

    fn postgres(self) -> &'static str {
        match self {
            Self::Digest => r"'\x7700'",
            Self::Digests => r"ARRAY['\x7700', '\x7800']::bytea[]",
            Self::Text => "'partner 3'",
            Self::Number => "100",
        }
    }

    fn sqlite(self) -> &'static str {
        match self {
            Self::Digest => "x'7700'",
            Self::Digests => r#"'["7700","7800"]'"#,
            Self::Text => "'partner 3'",
            Self::Number => "100",
        }
    }
}

/// The statements of both engines with their parameters.
fn statements() -> Vec<(&'static str, &'static str, Vec<Kind>)> {
    use Kind::{Digest, Digests, Number, Text};
    let mut all = vec![
        (recovery::CANDIDATES, vec![Text, Number]),
        (recovery::QUEUED, vec![Digest, Text, Number]),
        (partners::LEASE, vec![Text, Text, Number]),
        (sets::OLD, vec![Number, Number, Number]),
        (settled::UNSETTLE, vec![Digests]),
        (settled::LIST, vec![Digest, Number]),
        (units::REQUESTS, vec![Number, Number]),
        (units::ANSWERS, vec![Number, Number]),
    ];
    let offers = recovery::offer_statements();
    all.extend(offers.into_iter().map(|(sql, kinds)| (sql, kinds.chars().map(Kind::of).collect())));
    all.into_iter().map(|(sql, kinds)| (sql.postgres, sql.sqlite, kinds)).collect()
}

/// PostgreSQL, with the plan for known parameters and with the one that prepared statements end up with.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_loops_use_indexes() {
    let world = World::postgres().await;
    for fill in [
        "INSERT INTO certs (fingerprint, version, digest_v23, digest_v24, length, lists, legacy_form, summary, packets)
         SELECT sha256(int4send(n)), 6, uuid_send(md5('23' || n)::uuid), uuid_send(md5('24' || n)::uuid), 3, 0, 0, 's', 'xyz'
         FROM generate_series(1, {ROWS}) AS n",
        "INSERT INTO changes (profile, sign, digest, fingerprint) SELECT 24, 1, digest_v24, fingerprint FROM certs",
        "INSERT INTO recovery (digest, first_seen) SELECT sha256(int4send(n)), n FROM generate_series(1, {ROWS}) AS n",
        "INSERT INTO recovery_offers (digest, partner, profile, offered_at, next_try)
         SELECT digest, 'partner ' || p, 24, 5, first_seen FROM recovery, generate_series(1, 5) AS p",
        "INSERT INTO settled (digest, profile, at, reason, fingerprint)
         SELECT sha256(int4send(n)), 24, 5, 'differs', sha256(int4send(n)) FROM generate_series(1, {ROWS}) AS n",
        "INSERT INTO blocked (fingerprint, comment, actor)
         SELECT sha256(int4send(n)), '', '' FROM generate_series(1, {ROWS}) AS n",
        "INSERT INTO partners (name, next_due) SELECT 'partner ' || n, 5 FROM generate_series(1, {ROWS}) AS n",
        "INSERT INTO unit_requests (requested_at, kind) SELECT n, 'check' FROM generate_series(1, {ROWS}) AS n",
        "INSERT INTO unit_answers (request, unit, at, answer) SELECT id, 'unit', 5, 'fine' FROM unit_requests",
        "ANALYZE",
    ] {
        world.execute(&fill.replace("{ROWS}", &ROWS.to_string())).await;
    }
    let mut connection = PgConnection::connect(&world.url).await.unwrap();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        run(&mut connection, &format!("SET plan_cache_mode = {mode}")).await;
        for (statement, _, kinds) in statements() {
            run(&mut connection, &format!("PREPARE explained AS {statement}")).await;
            let parameters: Vec<_> = kinds.iter().map(|kind| kind.postgres()).collect();
            let explain = format!("EXPLAIN EXECUTE explained ({})", parameters.join(", "));
            let plan: Vec<String> =
                sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
            let plan = plan.join("\n");
            assert!(plan.contains("Index"), "{mode}\n{statement}\n{plan}");
            assert!(!plan.contains("Seq Scan"), "{mode}\n{statement}\n{plan}");
            // Who claims a few must not sort all that is due.
            assert!(statement != recovery::CANDIDATES.postgres || !plan.contains("Sort"), "{mode}\n{plan}");
            run(&mut connection, "DEALLOCATE explained").await;
        }
    }
}

/// Right after a partner's first offers the database knows nothing of them; who claims a few does not sort them all.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_claims_are_ordered_by_the_index() {
    let world = World::postgres().await;
    let mut connection = PgConnection::connect(&world.url).await.unwrap();
    for table in ["recovery", "recovery_offers"] {
        run(&mut connection, &format!("ALTER TABLE {table} SET (autovacuum_enabled = false)")).await;
    }
    let all = super::digests(0..6000);
    super::offer(&world, "partner 3", &all).await;
    let mut plans = Vec::new();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        run(&mut connection, &format!("BEGIN; SET LOCAL plan_cache_mode = {mode}; {}", recovery::IN_ORDER)).await;
        run(&mut connection, &format!("PREPARE explained AS {}", recovery::CANDIDATES.postgres)).await;
        let explain = "EXPLAIN EXECUTE explained ('partner 3', 100)";
        let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut connection).await.unwrap();
        run(&mut connection, "DEALLOCATE explained; ROLLBACK").await;
        plans.push(plan.join("\n"));
    }
    for plan in plans {
        assert!(plan.contains("Index Scan using recovery_offers_due"), "{plan}");
        assert!(!plan.contains("Sort") && !plan.contains("Seq Scan"), "{plan}");
    }
}

/// SQLite: tables are searched by an index; only lists of parameters and answers of subqueries are scanned.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_loops_use_indexes() {
    let world = World::sqlite().await;
    let numbers =
        format!("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS})");
    for fill in [
        "INSERT INTO certs (id, fingerprint, version, digest_v23, digest_v24, length, lists, legacy_form, summary, packets)
         {numbers} SELECT n, randomblob(32), 6, randomblob(16), randomblob(16), 3, 0, 0, x'00', x'00' FROM numbers",
        "INSERT INTO changes (profile, sign, digest, fingerprint) SELECT 24, 1, digest_v24, fingerprint FROM certs",
        "INSERT INTO recovery (digest, first_seen) {numbers} SELECT randomblob(16), n FROM numbers",
        "INSERT INTO recovery_offers (digest, partner, profile, offered_at, next_try)
         SELECT digest, 'partner ' || (first_seen % 5), 24, 5, first_seen FROM recovery",
        "INSERT INTO settled (digest, profile, at, reason, fingerprint)
         {numbers} SELECT randomblob(16), 24, 5, 'differs', randomblob(20) FROM numbers",
        "INSERT INTO blocked (fingerprint, comment, actor) {numbers} SELECT randomblob(20), '', '' FROM numbers",
        "INSERT INTO partners (name, next_due) {numbers} SELECT 'partner ' || n, 5 FROM numbers",
        "INSERT INTO unit_requests (requested_at, kind) {numbers} SELECT n, 'check' FROM numbers",
        "INSERT INTO unit_answers (request, unit, at, answer) SELECT id, 'unit', 5, 'fine' FROM unit_requests",
        "ANALYZE",
    ] {
        world.execute(&fill.replace("{numbers}", &numbers)).await;
    }
    let mut connection = SqliteConnection::connect(&world.url).await.unwrap();
    let all = statements().into_iter().map(|(_, statement, kinds)| (statement, kinds));
    let sets = [sets::SQLITE_V23, sets::SQLITE_V24].map(|statement| (statement, vec![Kind::Digest, Kind::Number]));
    for (statement, kinds) in all.chain(sets) {
        let details = sqlite_plan(&mut connection, statement, kinds.iter().map(|kind| kind.sqlite())).await;
        let is_harmless =
            |what: &&str| ["json_each VIRTUAL TABLE", "oldest"].iter().any(|start| what.starts_with(start));
        let mut scanned = details.iter().filter_map(|detail| detail.strip_prefix("SCAN "));
        assert!(scanned.all(|what| is_harmless(&what)), "{statement}\n{details:#?}");
        let is_insert = statement.starts_with("INSERT");
        assert!(is_insert || details.iter().any(|detail| detail.starts_with("SEARCH")), "{statement}\n{details:#?}");
        let sorts = details.iter().any(|detail| detail.starts_with("USE TEMP B-TREE"));
        assert!(statement != recovery::CANDIDATES.sqlite || !sorts, "{details:#?}");
    }
}
