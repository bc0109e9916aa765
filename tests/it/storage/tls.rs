//! TLS to PostgreSQL, as `sslmode` wants it.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::authority::Authority;
use crate::support::ports::free_port;
use crate::support::postgres::Cluster;
use crate::support::server::command;
use crate::support::tools::{Finished, run};

const SECRET: &str = "hunter2";
/// How long the cluster may take to read its settings.
const PATIENCE: Duration = Duration::from_secs(60);

/// Brings the schema of a database at `host` up to date.
fn migrate(cluster: &Cluster, host: &str, ssl_mode: &str, root: Option<&Path>) -> Finished {
    let root = root.map(|root| format!(" sslrootcert={}", root.display())).unwrap_or_default();
    let port = cluster.port();
    let dsn =
        format!("host={host} port={port} user=postgres password={SECRET} dbname=postgres sslmode={ssl_mode}{root}");
    let finished = run(command().args(["migrate", "--database-url", &dsn]));
    assert!(!finished.shown().contains(SECRET), "{finished:?}");
    finished
}

/// Each mode is as strict as it says: on a server without TLS, and on one that insists on it. What fails is told in
/// one sentence that names the database and the cause.
#[tokio::test(flavor = "multi_thread")]
async fn modes_are_as_strict_as_they_say() {
    let [authority, stranger] = [Authority::new(), Authority::new()];
    let (root, other) = (authority.root(), stranger.root());
    let cluster = tokio::task::spawn_blocking(|| Cluster::listening(free_port())).await.unwrap();
    for mode in ["disable", "allow", "prefer"] {
        migrate(&cluster, "localhost", mode, None).expect_success();
    }
    let told = migrate(&cluster, "localhost", "require", None).expect_failure();
    assert!(told.contains("server does not support TLS"), "{told}");

    let pair = authority.issue("database", "DNS:localhost");
    cluster.insist_on_tls(&pair.cert, &pair.key).await;
    let deadline = Instant::now() + PATIENCE;
    while !migrate(&cluster, "localhost", "require", None).success {
        assert!(Instant::now() < deadline, "the cluster does not begin to speak TLS");
    }
    for (host, mode, root) in [
        ("localhost", "prefer", None),
        ("localhost", "verify-ca", Some(&*root)),
        ("127.0.0.1", "verify-ca", Some(&*root)),
        ("localhost", "verify-full", Some(&*root)),
    ] {
        migrate(&cluster, host, mode, root).expect_success();
    }
    for (host, mode, root, cause) in [
        ("localhost", "disable", None, "no encryption"),
        ("localhost", "allow", None, "no encryption"),
        ("localhost", "verify-ca", Some(&*other), "UnknownIssuer"),
        ("localhost", "verify-full", Some(&*other), "UnknownIssuer"),
        ("localhost", "verify-full", None, "UnknownIssuer"),
        ("127.0.0.1", "verify-full", Some(&*root), "not valid for name"),
        ("localhost", "verify-full", Some(Path::new("/nowhere.pem")), "No such file"),
    ] {
        let told = migrate(&cluster, host, mode, root).expect_failure();
        assert!(told.contains(cause) && told.contains("sslmode=") && told.lines().count() == 1, "{mode}: {told}");
    }
}
