//! The workload's container: the tree of the rock, the charm's variables, and the service as Pebble runs it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use super::database::Route;
use crate::support::ports::free_port;
use crate::support::request;
use crate::support::staging::Staged;
use crate::support::tools::{Finished, run};

/// The user `_daemon_` of every rock.
const DAEMON: u32 = 584_792;
/// How long a busy machine may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a process that has no way to tell us is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

pub(super) struct Pod {
    tree: Arc<Staged>,
    hkp: SocketAddr,
    metrics: SocketAddr,
    environment: BTreeMap<String, String>,
    service: Option<Service>,
}

/// A run of the service.
struct Service {
    process: Child,
    log: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Pod {
    /// With the variables that the charm sets when it is deployed and has its database.
    pub(super) fn new(route: &Route) -> Self {
        let [hkp, metrics, recon] = [(); 3].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port())));
        let mut pod = Self { tree: tree(), hkp, metrics, environment: BTreeMap::new(), service: None };
        for (name, value) in [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("APP_PORT", "11371"),
            ("APP_METRICS_PORT", "9626"),
            ("APP_METRICS_PATH", "/metrics"),
            ("APP_SECRET_KEY", &"a1B2c3D4".repeat(8)),
            ("APP_BASE_URL", "http://hockeypuck-k8s.model:11371"),
            ("no_proxy", "127.0.0.1,localhost,::1"),
            // Pods have addresses of their own; here the ports would be those of other tests.
            ("HOCKEYPUCK_BIND", &hkp.to_string()),
            ("HOCKEYPUCK_METRICS_BIND", &metrics.to_string()),
            ("HOCKEYPUCK_RECON_BIND", &recon.to_string()),
        ] {
            pod.set(name, value);
        }
        pod.relate(route);
        pod
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// What the database relation sets.
    pub(super) fn relate(&mut self, route: &Route) {
        self.environment.extend(route.variables());
    }

    pub(super) fn hkp(&self) -> SocketAddr {
        self.hkp
    }

    pub(super) fn metrics(&self) -> SocketAddr {
        self.metrics
    }

    /// A command of the framework that migrates.
    pub(super) fn migration(&self) -> Command {
        self.command("/app/migrate", "/app")
    }

    /// Runs a program of the rock as the charm does: in the context of the service.
    pub(super) fn exec(&self, program: &str, arguments: &[&str]) -> Finished {
        run(self.command(program, "/hockeypuck").args(arguments))
    }

    /// The path of a file of the rock.
    pub(super) fn path(&self, path: &str) -> String {
        self.tree.path(path).display().to_string()
    }

    fn command(&self, program: &str, directory: &str) -> Command {
        let mut command = Command::new(self.tree.path(program));
        command.current_dir(self.tree.path(directory)).env_clear().envs(&self.environment);
        if is_root() {
            command.uid(DAEMON).gid(DAEMON);
        }
        command
    }

    /// Starts the service and waits until it serves.
    pub(super) fn start(&mut self) {
        assert!(self.service.is_none());
        let (mut output, input) = std::io::pipe().unwrap();
        let mut command = self.command("/hockeypuck/bin/hockeypuck_wrapper.sh", "/hockeypuck");
        command.stdin(Stdio::null()).stdout(input.try_clone().unwrap()).stderr(input);
        let process = command.spawn().unwrap();
        drop(command);
        let log = Arc::new(Mutex::new(String::new()));
        let said = log.clone();
        let reader = std::thread::spawn(move || {
            let mut octets = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut octets) {
                said.lock().unwrap().push_str(&String::from_utf8_lossy(&octets[..count]));
            }
        });
        let service = self.service.insert(Service { process, log, reader });
        service.wait_until_ready(self.hkp);
    }

    /// Stops the service as Pebble does; answers how long that took and what the service said.
    pub(super) fn stop(&mut self) -> (Duration, String) {
        let mut service = self.service.take().unwrap();
        let begun = Instant::now();
        service.terminate();
        let status = service.end();
        assert!(status.success(), "{status}\n{}", service.log());
        let took = begun.elapsed();
        service.reader.join().unwrap();
        let log = service.log.lock().unwrap().clone();
        (took, log)
    }

    /// What the charm does when a variable has changed.
    pub(super) fn replan(&mut self) {
        self.stop();
        run(&mut self.migration()).expect_success();
        self.start();
    }
}

impl Service {
    fn wait_until_ready(&mut self, hkp: SocketAddr) {
        let deadline = Instant::now() + PATIENCE;
        while !request::get(hkp, "/pks/health/ready").is_ok_and(|answer| answer.status == 200) {
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("the service ended at its start: {status}\n{}", self.log());
            }
            assert!(Instant::now() < deadline, "the service does not become ready\n{}", self.log());
            sleep(LOOK_EVERY);
        }
    }

    fn terminate(&mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    fn end(&mut self) -> std::process::ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the service does not end\n{}", self.log());
            sleep(LOOK_EVERY);
        }
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        let Some(service) = &mut self.service else { return };
        // Both fail only when it has ended already.
        service.process.kill().ok();
        service.process.wait().ok();
        if std::thread::panicking() {
            eprintln!("--- the service said\n{}", service.log());
        }
    }
}

/// The tree of the rock, which tests that run at once share, because the program is large.
fn tree() -> Arc<Staged> {
    static TREE: Mutex<Weak<Staged>> = Mutex::new(Weak::new());
    let mut shared = TREE.lock().unwrap();
    if let Some(tree) = shared.upgrade() {
        return tree;
    }
    let tree = Arc::new(Staged::of("deploy/rock/layout"));
    if is_root() {
        // As `permissions` in rockcraft.yaml.
        chown(tree.path("/hockeypuck/data"), Some(DAEMON), Some(DAEMON)).unwrap();
    }
    *shared = Arc::downgrade(&tree);
    tree
}

/// Whoever else runs the tests is no less unprivileged than the service.
fn is_root() -> bool {
    run(Command::new("id").arg("-u")).expect_success().trim() == "0"
}
