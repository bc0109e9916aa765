//! A real Prometheus with our rules, which scrapes a real server.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::dashboard::queries;
use super::{DIRECTORY, text_of};
use crate::gossip::processes::wait_until;
use crate::support::backend::Backend;
use crate::support::ports::free_port;
use crate::support::request;
use crate::support::server::Server;
use crate::support::tools::own_program;

/// Killed when it is dropped.
struct Prometheus {
    process: Child,
    address: SocketAddr,
    directory: TempDir,
}

impl Prometheus {
    /// With the configuration of the documents, but another target and more haste.
    fn scraping(target: SocketAddr) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join(DIRECTORY).join("rules.yml");
        let configuration = text_of("prometheus.yml")
            .replace("127.0.0.1:9626", &target.to_string())
            .replace("interval: 15s", "interval: 1s")
            .replace("rules.yml", rules.to_str().unwrap());
        fs::write(directory.path().join("prometheus.yml"), configuration).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let log = fs::File::create(directory.path().join("log")).unwrap();
        let mut command: Command = own_program("prometheus");
        command
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn"])
            .arg(format!("--web.listen-address={address}"))
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let process = command
            .spawn()
            .unwrap_or_else(|error| panic!("prometheus: {error}; `make test-packages` installs what the tests need"));
        let prometheus = Self { process, address, directory };
        wait_until("Prometheus", || prometheus.api("/-/ready").is_some());
        prometheus
    }

    /// The answer to a request, if it is one of success. By HTTP/1.0, in which nothing is chunked.
    fn api(&self, target: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.write_all(format!("GET {target} HTTP/1.0\r\n\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.0 200 ").then(|| body.to_owned())
    }

    fn json(&self, target: &str) -> Option<Value> {
        serde_json::from_str(&self.api(target)?).ok()
    }

    /// The series of an instant query; `None` if Prometheus does not understand it.
    fn query(&self, expression: &str) -> Option<Vec<Value>> {
        let escaped = percent_encoding::utf8_percent_encode(expression, percent_encoding::NON_ALPHANUMERIC);
        let answer = self.json(&format!("/api/v1/query?query={escaped}"))?;
        answer["data"]["result"].as_array().cloned()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.process.kill().ok();
        self.process.wait().ok();
        if std::thread::panicking() {
            eprintln!("{}", fs::read_to_string(self.directory.path().join("log")).unwrap_or_default());
        }
    }
}

/// Prometheus takes what the server tells, evaluates every rule without an error, has nothing to alert of, and
/// understands every question of the dashboard.
#[test]
fn prometheus_scrapes_and_evaluates() {
    let server = Server::start(Backend::sqlite());
    assert_eq!(request::get(server.address(), "/pks/stats").unwrap().status, 200);
    let prometheus = Prometheus::scraping(server.metrics());
    let is_up = "up{job=\"hockeypuck\"} == 1";
    wait_until("a scrape", || prometheus.query(is_up).is_some_and(|series| series.len() == 1));
    let requests = "hockeypuck_http_requests_total{route=\"/pks/stats\",status=\"200\"}";
    wait_until("a series", || prometheus.query(requests).is_some_and(|series| series[0]["value"][1] == "1"));

    let rules = || -> Vec<Value> {
        let answer = prometheus.json("/api/v1/rules").unwrap();
        let groups = answer["data"]["groups"].as_array().unwrap();
        groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
    };
    assert!(rules().len() > 20);
    wait_until("every rule evaluated", || rules().iter().all(|rule| rule["health"] != "unknown"));
    let bad: Vec<Value> =
        rules().into_iter().filter(|rule| rule["health"] != "ok" || rule["state"] != "inactive").collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let unknown: Vec<String> =
        queries().into_iter().filter(|expression| prometheus.query(expression).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}
