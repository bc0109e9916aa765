//! `hockeypuck adopt`.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::backend::{Backend, on_each_backend, runtime};
use crate::support::hockeypuck::{Release, Source, SourceRow, certificates};
use crate::support::server::{self, Server};
use crate::support::tools::{self, Finished};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn adopt(url: &str, arguments: &[&str]) -> Finished {
    tools::run(server::command().arg("adopt").args(arguments).args(["--database-url", url]))
}

fn status(url: &str) -> Value {
    serde_json::from_str(&adopt(url, &["--status", "--json"]).expect_success()).unwrap()
}

fn source(count: u32) -> Source {
    runtime().block_on(async {
        let source = Source::create(&Backend::postgres_async().await.url(), Release::V23).await;
        source.put(&certificates(count)).await;
        source
    })
}

/// Where there is nothing to take over, that is said; a SQLite store never has anything.
#[test]
fn there_may_be_nothing() {
    on_each_backend(|store| {
        let [flag, place] = store.arguments();
        let run = |arguments: &[&str]| tools::run(server::command().arg("adopt").args(arguments).args([&flag, &place]));
        let said = run(&[]).expect_success();
        assert_eq!(said, "none: there are no certificates of Hockeypuck to take over\n");
        assert_eq!(run(&["--status", "--json"]).expect_success(), "{\"state\":\"none\"}\n");
    });
}

/// The command takes over everything and tells an account that adds up, and so does the status from then on; rows
/// that are rejected have their reason in it.
#[test]
fn everything_is_taken_over() {
    let source = source(200);
    let broken = SourceRow { document: "{}".into(), ..SourceRow::new(Release::V23, &certificates(1)[0]) };
    runtime().block_on(source.put_rows(&[broken]));
    let said = adopt(&source.url, &[]).expect_success();
    let expected =
        "done: 201 of 201 rows read = 200 imported + 0 merged + 0 unchanged + 1 rejected (1 document); finished at ";
    assert!(said.starts_with(expected), "{said}");
    let told = status(&source.url);
    for (field, value) in [
        ("state", json!("done")),
        ("reads", json!("all")),
        ("rows", json!(201)),
        ("read", json!(201)),
        ("imported", json!(200)),
        ("merged", json!(0)),
        ("unchanged", json!(0)),
        ("rejected", json!(1)),
        ("reasons", json!({"document": 1})),
        ("adds_up", json!(true)),
    ] {
        assert_eq!(told[field], value, "{field} in {told}");
    }
    assert_eq!(adopt(&source.url, &[]).expect_success(), said, "nothing is done twice");
}

/// An account that does not add up is the answer no.
#[test]
fn a_wrong_account_is_told() {
    let source = source(3);
    adopt(&source.url, &[]).expect_success();
    runtime().block_on(source.run("UPDATE adoptions SET read = read + 1"));
    let finished = adopt(&source.url, &[]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stdout.contains("4 of 3 rows read ≠ 3 imported"), "{finished:?}");
}

/// Asked to stop, the command ends soon and says that it was interrupted; what it did stays, and the next one goes on.
#[test]
fn the_command_can_be_interrupted() {
    let source = source(4000);
    let mut command = server::command();
    command.args(["adopt", "--database-url", &source.url]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    let read = || {
        let query = "SELECT coalesce(max(read), 0)::text FROM adoptions";
        runtime().block_on(async {
            let is_there = source.text("SELECT (to_regclass('adoptions') IS NOT NULL)::text").await == "true";
            if is_there { source.text(query).await.parse::<u64>().unwrap() } else { 0 }
        })
    };
    while read() == 0 {
        assert!(Instant::now() < deadline, "nothing is read");
    }
    assert!(tools::run(std::process::Command::new("kill").args(["-INT", &child.id().to_string()])).success);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let told = status(&source.url);
    assert_eq!((&told["state"], &told["unit"]), (&json!("running"), &Value::Null), "{told}");
    let before = told["read"].as_u64().unwrap();
    assert!((1..4000).contains(&before), "{told}");
    assert_eq!(told["remaining"].as_u64(), Some(4000 - before), "{told}");
    adopt(&source.url, &[]).expect_success();
    let told = status(&source.url);
    assert_eq!((&told["read"], &told["adds_up"]), (&json!(4000), &json!(true)), "{told}");
}

/// A running server takes over by itself, and leaves the work to the command when there is one.
#[test]
fn a_server_leaves_the_work_to_the_command() {
    let source = source(2000);
    let server = Server::start(Backend::Postgres(source.url.clone()));
    let said = adopt(&source.url, &[]).expect_success();
    assert!(said.starts_with("done: 2000 of 2000 rows read = "), "{said}");
    let deadline = Instant::now() + PATIENCE;
    let metrics = || crate::support::request::get(server.metrics(), "/metrics").unwrap().text();
    while !metrics().contains("hockeypuck_adopt_active 0") {
        assert!(Instant::now() < deadline, "{}", metrics());
    }
    let told = metrics();
    assert!(told.contains("hockeypuck_adopt_rows 2000"), "{told}");
}

/// Tables that belong to somebody else may be readable only; if they are not even that, it is said what to do.
#[test]
fn unreadable_tables_are_told() {
    let source = source(3);
    let role = "role_without_rights";
    let prepare = format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public TO {role}");
    runtime().block_on(source.run(&prepare));
    let url = source.url.replace("user=postgres", &format!("user={role}"));
    let finished = adopt(&url, &[]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert!(finished.stderr.contains(&format!("GRANT SELECT ON keys, subkeys TO {role}")), "{finished:?}");
    runtime().block_on(source.run(&format!("GRANT SELECT ON keys, subkeys TO {role}")));
    assert!(adopt(&url, &[]).expect_success().starts_with("done: 3 of 3 rows"));
    runtime().block_on(source.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}")));
}
