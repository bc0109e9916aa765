//! The real binary on free ports, stopped at the end of the test.

use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::backend::Backend;
use super::ports::free_port;
use super::request;

/// How long a start or an orderly stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a process that has no way to tell us is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A running server. Dropping it kills it, and fails nothing.
pub struct Server {
    child: Child,
    address: SocketAddr,
    metrics: SocketAddr,
    store: Backend,
    /// Of its environment.
    settings: Vec<(String, String)>,
    /// The working directory, in which the default data directory would be.
    directory: TempDir,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the binary on `store` and waits until it is ready.
    pub fn start(store: Backend) -> Self {
        Self::start_with(store, &[])
    }

    /// Starts the binary with settings by their names without `HOCKEYPUCK_`.
    pub fn start_with(store: Backend, settings: &[(&str, &str)]) -> Self {
        let settings: Vec<(String, &str)> =
            settings.iter().map(|(name, value)| (format!("HOCKEYPUCK_{name}"), *value)).collect();
        let variables: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        Self::start_in(store, &variables)
    }

    /// Starts the binary in an environment of these variables.
    pub fn start_in(store: Backend, variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [address, metrics] = [(); 2].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port())));
        let settings = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (settings, log) = (settings.collect(), Arc::default());
        let place = Place { store: &store, address, metrics, directory: &directory, settings: &settings };
        let (child, reader) = place.spawn(&log);
        let mut server = Self { child, address, metrics, store, settings, directory, log, reader: Some(reader) };
        server.wait_until_ready();
        server
    }

    /// The process, until the next restart.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where HKP is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where Prometheus is served.
    pub fn metrics(&self) -> SocketAddr {
        self.metrics
    }

    pub fn hkp_url(&self) -> String {
        format!("hkp://{}", self.address)
    }

    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// Kills the process as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.reader.take().map(JoinHandle::join);
    }

    /// Starts the binary again, on the same store and ports.
    pub fn restart(&mut self) {
        let Self { store, address, metrics, directory, settings, .. } = &*self;
        let place = Place { store, address: *address, metrics: *metrics, directory, settings };
        let (child, reader) = place.spawn(&self.log);
        self.child = child;
        self.reader = Some(reader);
        self.wait_until_ready();
    }

    /// Asks the process to stop and waits for it.
    pub fn stop(&mut self) -> ExitStatus {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop\n{}", self.log());
            sleep(LOOK_EVERY);
        }
    }

    /// What the server has said on standard output and standard error.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while !request::get(self.address, "/pks/health/ready").is_ok_and(|answer| answer.status == 200) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended at its start: {status}\n{}", self.log());
            }
            assert!(Instant::now() < deadline, "the server does not become ready\n{}", self.log());
            sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("--- the server on {} said\n{}", self.store, self.log());
        }
    }
}

/// The built program.
pub fn binary() -> PathBuf {
    env!("CARGO_BIN_EXE_hockeypuck").into()
}

/// A command of the program that sees nothing of this machine's environment but the search path.
pub fn command() -> Command {
    let mut command = Command::new(binary());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Where a process is started.
struct Place<'a> {
    store: &'a Backend,
    address: SocketAddr,
    metrics: SocketAddr,
    directory: &'a TempDir,
    settings: &'a Vec<(String, String)>,
}

impl Place<'_> {
    fn spawn(&self, log: &Arc<Mutex<String>>) -> (Child, JoinHandle<()>) {
        let (mut output, input) = std::io::pipe().unwrap();
        let child = command()
            .args(["serve", "--bind", &self.address.to_string(), "--metrics-bind", &self.metrics.to_string()])
            .args(self.store.arguments())
            .envs(self.settings.iter().cloned())
            .current_dir(self.directory)
            .stdin(Stdio::null())
            .stdout(input.try_clone().unwrap())
            .stderr(input)
            .spawn()
            .unwrap();
        let log = log.clone();
        let reader = std::thread::spawn(move || {
            let mut octets = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut octets) {
                log.lock().unwrap().push_str(&String::from_utf8_lossy(&octets[..count]));
            }
        });
        (child, reader)
    }
}
