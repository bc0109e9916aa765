//! A private PostgreSQL cluster for this test process, and more for tests that restart or reconfigure them: on a
//! socket in a directory of its own, and on no port but where a test is about that.
//!
//! A shell keeps it and deletes everything when the pipe from this process closes, which happens
//! however the process ends.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, Executor as _, PgConnection};

/// $1: directory of the programs, $2: directory of the cluster, $3: whether commits wait for the log, $4: directory of
/// the cluster that it is a standby of, or nothing, $5: where it listens beside its socket. Each line that it reads is the
/// mode of a restart.
const KEEPER: &str = r#"
    set -e
    trap 'rm -rf "$2"' EXIT
    if [ -n "$4" ]; then
        "$1/pg_basebackup" --pgdata="$2/data" --host="$4" --username=postgres --checkpoint=fast --write-recovery-conf \
            --no-sync >"$2/initdb.log" 2>&1
    else
        "$1/initdb" --pgdata="$2/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync \
            >"$2/initdb.log" 2>&1
    fi || { cat "$2/initdb.log"; exit 1; }
    "$1/pg_ctl" --pgdata="$2/data" --log="$2/server.log" --wait --timeout=120 start >"$2/start.log" 2>&1 \
        --options="-k $2 $5 -c fsync=off -c synchronous_commit=$3 -c full_page_writes=off -c max_connections=300" </dev/null ||
        { cat "$2/server.log"; exit 1; }
    echo ready
    while read -r mode; do
        "$1/pg_ctl" --pgdata="$2/data" --log="$2/server.log" --wait --timeout=120 --mode="$mode" restart \
            >"$2/start.log" 2>&1 </dev/null || { cat "$2/server.log"; exit 1; }
        echo ready
    done
    "$1/pg_ctl" --pgdata="$2/data" --mode=immediate --wait stop >/dev/null 2>&1
"#;

/// A cluster; lives as long as this or the process.
pub struct Cluster {
    directory: PathBuf,
    /// Its standard input is the pipe.
    keeper: Child,
    said: Lines<BufReader<ChildStdout>>,
    /// Part of the socket's name, and a port of the loopback if it listens on one.
    port: u16,
}

/// In the name of a socket where nobody listens on a port.
const SOCKET_PORT: u16 = 5432;

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

/// The URL of a new, empty database.
pub async fn fresh_database() -> String {
    let cluster = tokio::task::spawn_blocking(|| CLUSTER.get_or_init(|| Cluster::start("off", None, None)))
        .await
        .expect("the cluster starts");
    cluster.fresh_database().await
}

impl Cluster {
    /// A cluster that nobody else uses, and that loses nothing when it ends at once.
    pub fn private() -> Self {
        Self::start("on", None, None)
    }

    /// A cluster that follows `primary` and answers queries, until it is promoted.
    pub fn standby_of(primary: &Self) -> Self {
        Self::start("on", Some(&primary.directory), None)
    }

    /// A cluster that nobody else uses and that also listens on this port of the loopback.
    pub fn listening(port: u16) -> Self {
        Self::start("off", None, Some(port))
    }

    /// Where [`Cluster::listening`] listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes it speak TLS with this certificate and key, and nothing else on its port.
    pub async fn insist_on_tls(&self, cert: &Path, key: &Path) {
        let place = |name: &str| self.directory.join(name);
        for (from, to) in [(cert, place("server.crt")), (key, place("server.key"))] {
            std::fs::copy(from, &to).expect("a file is copied");
            std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o600)).expect("permissions are set");
            if let Some((user, group)) = unprivileged() {
                chown(&to, Some(user), Some(group)).expect("the file changes its owner");
            }
        }
        let rules = "local all all trust\nhostssl all all all trust\n";
        std::fs::write(place("data/pg_hba.conf"), rules).expect("the rules are written");
        let mut admin = PgConnection::connect(&self.url("postgres")).await.expect("the cluster takes connections");
        for (name, value) in [
            ("ssl_cert_file", place("server.crt").display().to_string()),
            ("ssl_key_file", place("server.key").display().to_string()),
            ("ssl", "on".to_owned()),
        ] {
            let set = format!("ALTER SYSTEM SET {name} = '{value}'");
            admin.execute(sqlx::AssertSqlSafe(set)).await.expect("a setting is changed");
        }
        admin.execute("SELECT pg_reload_conf()").await.expect("the settings are read");
        admin.close().await.ok();
    }

    fn start(synchronous_commit: &str, primary: Option<&Path>, port: Option<u16>) -> Self {
        let programs = program_directory();
        let directory = tempfile::Builder::new().prefix("hkp-pg-").tempdir().expect("a directory").keep();
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755)).expect("permissions are set");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", KEEPER, "keeper"])
            .arg(&programs)
            .arg(&directory)
            .arg(synchronous_commit)
            .arg(primary.unwrap_or(Path::new("")))
            .arg(port.map_or_else(|| "-h ''".to_owned(), |port| format!("-h 127.0.0.1 -p {port}")))
            .current_dir("/")
            .process_group(0);
        if let Some((user, group)) = unprivileged() {
            chown(&directory, Some(user), Some(group)).expect("the directory changes its owner");
            shell.uid(user).gid(group);
        }
        let mut keeper = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sh starts");
        let said = BufReader::new(keeper.stdout.take().expect("a pipe")).lines();
        let mut cluster = Self { directory, keeper, said, port: port.unwrap_or(SOCKET_PORT) };
        cluster.wait_until_ready();
        cluster
    }

    /// Stops it in the given mode, `fast` or `immediate`, starts it again and waits until it is ready. Nobody else
    /// may use it.
    pub fn restart(&mut self, mode: &str) {
        let orders = self.keeper.stdin.as_mut().expect("a pipe");
        writeln!(orders, "{mode}").expect("the keeper reads orders");
        self.wait_until_ready();
    }

    /// The URL of a new, empty database.
    pub async fn fresh_database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&self.url("postgres")).await.expect("the cluster takes connections");
        let create = format!("CREATE DATABASE {name}");
        admin.execute(sqlx::AssertSqlSafe(create)).await.expect("a database is created");
        self.url(&name)
    }

    /// Where its socket is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn wait_until_ready(&mut self) {
        let mut log = Vec::new();
        for line in self.said.by_ref().map_while(Result::ok) {
            if line == "ready" {
                return;
            }
            log.push(line);
        }
        panic!("PostgreSQL did not start:\n{}", log.join("\n"));
    }

    fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&port={}&user=postgres", self.directory.display(), self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The end of the pipe makes the keeper stop the server and delete everything.
        drop(self.keeper.stdin.take());
        self.keeper.wait().ok();
    }
}

/// Where `initdb` is: the newest of Debian's directories, else in PATH.
fn program_directory() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin"));
    let mut found: Vec<PathBuf> = debian.filter(|bin| bin.join("initdb").exists()).collect();
    found.sort_by_key(|bin| version(bin));
    let in_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).find(|directory| directory.join("initdb").exists())
    };
    found.pop().or_else(in_path).expect("the tests need PostgreSQL's server programs: initdb was not found")
}

fn version(bin: &Path) -> u32 {
    let name = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or(0)
}

/// Somebody else for the server to run as, because it refuses to run as root.
fn unprivileged() -> Option<(u32, u32)> {
    if id(&["-u"])? != 0 {
        return None;
    }
    let user = ["postgres", "nobody"].into_iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)));
    Some(user.expect("root needs a user `postgres` or `nobody` to run PostgreSQL as"))
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().expect("id runs");
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}
