//! A plain HTTP/1.1 client: one request a connection, so that a server that dies in the middle is an error.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long the server may be silent.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub fn get(address: SocketAddr, target: &str) -> io::Result<Response> {
    send(address, "GET", target, "", &[])
}

/// Submits OpenPGP data as it is, armored or binary.
pub fn submit(address: SocketAddr, certificates: &[u8]) -> io::Result<Response> {
    send(address, "POST", "/pks/add", "Content-Type: application/pgp-keys\r\n", certificates)
}

/// `fields` are header lines that end with CR LF. An answer that is cut off is an error.
pub fn send(address: SocketAddr, method: &str, target: &str, fields: &str, body: &[u8]) -> io::Result<Response> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(SILENCE_LIMIT))?;
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{fields}\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the answer is cut off"))
}

fn parse(answer: &[u8]) -> Option<Response> {
    let end = answer.windows(4).position(|octets| octets == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let response = Response { status, head, body: answer[end + 4..].to_vec() };
    let length = response.header("content-length").map_or(Some(0), |length| length.parse().ok())?;
    (response.body.len() == length).then_some(response)
}
