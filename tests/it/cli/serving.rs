//! A server process whose output can be waited for.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::program::Place;

/// How long a busy machine may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Serving {
    child: Child,
    /// The line that the server prints when it is ready.
    pub(super) announcement: String,
    log: Receiver<String>,
}

impl Serving {
    /// Starts a server on free ports and waits until it says that it is ready.
    pub(super) fn start(place: &Place, arguments: &[&str]) -> Self {
        let ports = ["--bind", "127.0.0.1:0", "--metrics-bind", "127.0.0.1:0", "--log-format", "logfmt"];
        let mut command = place.command(&[&["serve"][..], &ports, arguments].concat());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = lines(child.stderr.take().unwrap());
        let output = lines(child.stdout.take().unwrap());
        let announcement = output.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            child.kill().ok();
            panic!("the server did not start: {:?}", log.iter().collect::<Vec<_>>())
        });
        Self { child, announcement, log }
    }

    /// The addresses of HKP and metrics, as announced.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let urls = self.announcement.split("http://").skip(1);
        urls.map(|rest| rest.split(['/', ',']).next().unwrap().parse().unwrap()).collect()
    }

    /// Where HKP is served over TLS, as announced.
    pub(super) fn tls_address(&self) -> SocketAddr {
        let (_, rest) = self.announcement.split_once("https://").unwrap();
        rest.split(',').next().unwrap().parse().unwrap()
    }

    /// Lets the server read its configuration again, and waits until it did.
    pub(super) fn reload(&self) -> String {
        self.signal("HUP");
        self.wait_for("the configuration was read again")
    }

    /// The value of a metric with its labels, as it stands in the answer.
    pub(super) fn metric(&self, name: &str) -> Option<String> {
        let text = crate::support::request::get(self.addresses()[1], "/metrics").unwrap().text();
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned))
    }

    pub(super) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until the log has a line with `text`, and answers it.
    pub(super) fn wait_for(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.log.recv_timeout(left).unwrap_or_else(|_| panic!("the log never says {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for the end; what was logged since the last look comes with it.
    pub(super) fn end(mut self) -> (ExitStatus, Vec<String>) {
        let log: Vec<String> = self.log.iter().collect();
        (self.child.wait().unwrap(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Begins a submission of which the last `missing` octets are not sent yet.
pub(super) fn begin_submission(address: SocketAddr, body: &[u8], missing: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST /pks/add HTTP/1.1\r\nHost: a\r\nContent-Type: application/pgp-keys\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The handler has begun to read the body when it wants it.
    let mut wanted = [0; 25];
    stream.read_exact(&mut wanted).unwrap();
    assert_eq!(&wanted, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&body[..length - missing]).unwrap();
    stream
}

/// What a client gets that asks for nothing.
pub(super) fn unasked(address: SocketAddr) -> String {
    answer(TcpStream::connect(address).unwrap())
}

pub(super) fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}
