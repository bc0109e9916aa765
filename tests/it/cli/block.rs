//! `block-keys`, `unblock-keys` and `list-blocked`.

use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::backend::{Backend, on_each_backend};
use crate::support::certificates::split;
use crate::support::certs::{self, Owned};
use crate::support::forge::{self, signature::KEY_REVOCATION};
use crate::support::request::{self, Response};
use crate::support::server::{self, Server};
use crate::support::tools::{self, Finished};

const UNKNOWN: &str = "0123456789abcdef0123456789abcdef01234567";
const MODERN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn command(store: &Backend, name: &str, arguments: &[&str]) -> Command {
    let mut command = server::command();
    command.arg(name).args(arguments).args(store.arguments());
    command
}

fn run(store: &Backend, name: &str, arguments: &[&str]) -> Finished {
    tools::run(&mut command(store, name, arguments))
}

fn listed(store: &Backend, arguments: &[&str]) -> Vec<Value> {
    let said = run(store, "list-blocked", &[&["--json"], arguments].concat()).expect_success();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn lookup(server: &Server, cert: &Owned) -> u16 {
    let target = format!("/pks/lookup?op=index&search=0x{}", cert.fingerprint());
    request::get(server.address(), &target).unwrap().status
}

fn submit(server: &Server, packets: &[u8]) -> Response {
    request::submit(server.address(), packets).unwrap()
}

/// Beside a running server, a block works at once: the certificate is gone and refused, as its revocation is; it can be
/// listed with who, why and when; and unblocked, it is taken again.
#[test]
fn blocks_work_beside_a_server() {
    on_each_backend(|store| {
        let server = Server::start(store.clone());
        let cert = certs::small("<cert@example.org>");
        assert_eq!(submit(&server, &cert.packets()).status, 200);
        let upper = format!("0x{}", cert.fingerprint());
        let lower = cert.fingerprint().to_lowercase();
        let arguments =
            ["--fingerprints", &format!("{upper}, {UNKNOWN}"), MODERN, UNKNOWN, "--comment", "GDPR", "--actor", "anna"];
        let said = run(&store, "block-keys", &arguments).expect_success();
        let unavailable = "Fingerprint unavailable in the database. Blocked successfully.";
        assert_eq!(
            said,
            format!("{lower}: Deleted and blocked successfully.\n{UNKNOWN}: {unavailable}\n{MODERN}: {unavailable}\n")
        );
        assert_eq!(lookup(&server, &cert), 404);
        let signatures = split(&cert.revoked())
            .into_iter()
            .filter(|(tag, body)| *tag == forge::SIGNATURE && body[1] == KEY_REVOCATION);
        let revocation: Vec<u8> = signatures.flat_map(|(tag, body)| forge::packet(tag, &body)).collect();
        for packets in [cert.packets(), cert.revoked(), revocation] {
            let answer = submit(&server, &packets);
            assert_eq!(answer.status, 200);
            let expected = json!({"invalid": [{"version": 4, "fingerprint": lower, "comment": "the certificate is blocked on this server"}]});
            assert_eq!(serde_json::from_str::<Value>(&answer.text()).unwrap(), expected);
        }
        let all = listed(&store, &[]);
        let names: Vec<&str> = all.iter().map(|one| one["fingerprint"].as_str().unwrap()).collect();
        assert!(names.is_sorted() && names.len() == 3, "{names:?}");
        let one = all.iter().find(|one| one["fingerprint"] == lower.as_str()).unwrap();
        assert_eq!((&one["actor"], &one["comment"], &one["expires"]), (&json!("anna"), &json!("GDPR"), &Value::Null));
        assert!(one["since"].as_str().unwrap().ends_with('Z'), "{one}");

        let said = run(&store, "block-keys", &["--comment", "again", "--json", &lower]).expect_success();
        let expected =
            json!({"fingerprint": lower, "result": "Blocked already.", "was_blocked": true, "was_stored": false});
        assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), expected);

        let said = run(&store, "unblock-keys", &[&lower, &"fe".repeat(20)]).expect_success();
        assert_eq!(said, format!("{lower}: Unblocked successfully.\n{}: Not blocked.\n", "fe".repeat(20)));
        assert_eq!(submit(&server, &cert.packets()).status, 200);
        assert_eq!(lookup(&server, &cert), 200);
        let text = run(&store, "list-blocked", &[]).expect_success();
        assert_eq!(text.lines().count(), 2);
        assert!(text.starts_with(&format!("{UNKNOWN} since ")) && text.contains(" by anna: GDPR\n"), "{text}");
    });
}

/// Without a server, on a store that does not exist yet, a block waits for what comes. The actor is the system's user.
#[test]
fn blocks_work_without_a_server() {
    on_each_backend(|store| {
        let cert = certs::small("<cert@example.org>");
        run(&store, "block-keys", &["--comment", "-", &cert.fingerprint()]).expect_success();
        let server = Server::start(store.clone());
        assert!(submit(&server, &cert.packets()).text().contains("blocked"));
        assert_eq!(lookup(&server, &cert), 404);
        let user = tools::run(&mut Command::new("whoami")).expect_success();
        assert_eq!(listed(&store, &[])[0]["actor"], user.trim());
        run(&store, "unblock-keys", &[&cert.fingerprint()]).expect_success();
        assert_eq!(run(&store, "list-blocked", &[]).expect_success(), "nothing is blocked\n");
    });
}

/// A dry run tells what would be done, and does not even make a database.
#[test]
fn dry_runs_change_nothing() {
    on_each_backend(|store| {
        let arguments = ["--comment", "c", "--dry-run", UNKNOWN];
        assert_eq!(run(&store, "block-keys", &arguments).code, Some(3), "there is no schema");
        let server = Server::start(store.clone());
        let cert = certs::small("<cert@example.org>");
        submit(&server, &cert.packets());
        let lower = cert.fingerprint().to_lowercase();
        let said = run(&store, "block-keys", &["--comment", "c", "--dry-run", &lower, UNKNOWN]).expect_success();
        assert_eq!(
            said,
            format!(
                "{lower}: Would be deleted and blocked.\n{UNKNOWN}: Fingerprint unavailable in the database. Would be blocked.\n"
            )
        );
        assert_eq!((lookup(&server, &cert), listed(&store, &["--all"]).len()), (200, 0));
        run(&store, "block-keys", &["--comment", "c", UNKNOWN]).expect_success();
        let said = run(&store, "unblock-keys", &["--dry-run", &lower, UNKNOWN]).expect_success();
        assert_eq!(said, format!("{lower}: Not blocked.\n{UNKNOWN}: Would be unblocked.\n"));
        assert_eq!(listed(&store, &[]).len(), 1);
    });
}

/// A block may have an end, which is listed; one that has ended is listed on demand.
#[test]
fn blocks_may_end() {
    on_each_backend(|store| {
        run(&store, "block-keys", &["--comment", "c", "--expires", "30d", UNKNOWN]).expect_success();
        run(&store, "block-keys", &["--comment", "c", "--expires", "2099-01-02T03:04:05Z", MODERN]).expect_success();
        let all = listed(&store, &[]);
        assert_eq!(all[1]["expires"], "2099-01-02T03:04:05Z");
        assert!(all[0]["expires"].as_str().is_some_and(|time| time < "2099"), "{all:?}");
        crate::support::backend::runtime().block_on(async {
            let past = if store.url().starts_with("sqlite") { "5" } else { "to_timestamp(5)" };
            crate::support::store::execute(&store.url(), &format!("UPDATE blocked SET expires_at = {past}")).await;
        });
        assert!(listed(&store, &[]).is_empty());
        let said = run(&store, "list-blocked", &["--all"]).expect_success();
        assert!(said.contains(", ended 1970-01-01T00:00:05Z: c\n"), "{said}");
    });
}

/// Mistakes are told with a sentence and the exit code of wrong command lines, and nothing is changed, neither for those
/// that are right.
#[test]
fn mistakes_change_nothing() {
    on_each_backend(|store| {
        let server = Server::start(store.clone());
        let cert = certs::small("<cert@example.org>");
        submit(&server, &cert.packets());
        let name = cert.fingerprint();
        let long = "x".repeat(5000);
        let many = (0..1001).map(|number| format!("{number:040x}")).collect::<Vec<_>>().join(",");
        for (arguments, words) in [
            (&["--comment", "c", &name, "0123"][..], "\"0123\": Invalid fingerprint format."),
            (
                &["--comment", "c", "--fingerprints", &format!("{name},{}", "zz".repeat(20))],
                "Invalid fingerprint format.",
            ),
            (&["--comment", "c", &name[..32]], "Invalid fingerprint format."),
            (&["--comment", "c"], "required"),
            (&[&name], "--comment"),
            (&["--comment", &long, &name], "at most 4096 octets"),
            (&["--comment", "c", "--fingerprints", &format!("{name},{many}")], "at most 1000"),
            (&["--comment", "c", "--expires", "soon", &name], "expected a time"),
            (&["--comment", "c", "--expires", "2020-01-01T00:00:00Z", &name], "not in the future"),
        ] {
            let told = run(&store, "block-keys", arguments);
            assert_eq!((told.code, told.stdout.as_str()), (Some(2), ""), "{told:?}");
            assert!(told.stderr.contains(words), "{words}: {told:?}");
            assert_eq!((lookup(&server, &cert), listed(&store, &["--all"]).len()), (200, 0), "{told:?}");
        }
        let told = run(&store, "unblock-keys", &["nonsense"]);
        assert_eq!(told.code, Some(2), "{told:?}");
    });
}

/// What the configuration lists is blocked at the start, under its own name, in any form; it is not unblocked when it
/// is not listed any more, and who unblocks it while it is listed is warned.
#[test]
fn the_configuration_blocks() {
    on_each_backend(|store| {
        let cert = certs::small("<cert@example.org>");
        let mut server = Server::start(store.clone());
        submit(&server, &cert.packets());
        run(&store, "block-keys", &["--comment", "mine", UNKNOWN]).expect_success();
        assert!(server.stop().success());
        let list = format!("0x{},{UNKNOWN},{MODERN}", cert.fingerprint());
        let mut server = Server::start_with(store.clone(), &[("OPENPGP_BLACKLIST", &list)]);
        assert_eq!(lookup(&server, &cert), 404);
        let removed = request::get(server.metrics(), "/metrics").unwrap().text();
        for line in ["hockeypuck_keys_removed 1", "hockeypuck_blocked_certificates 3"] {
            assert!(removed.lines().any(|found| found == line), "{line}\n{removed}");
        }
        let actors = |name: &str| {
            let all = listed(&store, &[]);
            all.iter().find(|one| one["fingerprint"] == name).map(|one| one["actor"].as_str().unwrap().to_owned())
        };
        let lower = cert.fingerprint().to_lowercase();
        assert_eq!(actors(&lower).as_deref(), Some("configuration"));
        assert_eq!(actors(MODERN).as_deref(), Some("configuration"));
        assert_ne!(actors(UNKNOWN).as_deref(), Some("configuration"), "it was blocked before");
        assert!(server.stop().success());
        drop(Server::start(store.clone()));
        assert_eq!(listed(&store, &[]).len(), 3);

        let mut command = command(&store, "unblock-keys", &[&lower]);
        let told = tools::run(command.env("HOCKEYPUCK_OPENPGP_BLACKLIST", &list));
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(told.stderr.contains("still listed in openpgp.blacklist"), "{told:?}");
        drop(Server::start_with(store.clone(), &[("OPENPGP_BLACKLIST", &list)]));
        assert_eq!(actors(&lower).as_deref(), Some("configuration"));
    });
}

/// The name of the charm's script stands for the command.
#[test]
fn the_script_is_the_command() {
    on_each_backend(|store| {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("block_keys.py");
        symlink(server::binary(), &program).unwrap();
        let run = |list: &str| {
            let mut command = Command::new(&program);
            command.env_clear().args(store.arguments()).arg("--fingerprints").arg(list).arg("--comment=-why, -because");
            tools::run(&mut command)
        };
        let told = run("");
        assert_eq!((told.code, told.stdout.as_str()), (Some(0), ""), "{told:?}");
        run(UNKNOWN).expect_success();
        assert_eq!(listed(&store, &[])[0]["comment"], "-why, -because");
        assert_eq!(run("nonsense").code, Some(2));
    });
}
