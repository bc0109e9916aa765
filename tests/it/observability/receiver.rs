//! A receiver of traces by OTLP over HTTP, in the test itself.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::gossip::processes::wait_until;

/// Takes everything, for as long as the test runs.
pub(super) struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Received>>,
}

#[derive(Default)]
struct Received {
    heads: Vec<String>,
    spans: Vec<Span>,
    resource: Vec<KeyValue>,
}

impl Receiver {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, received) = (listener.local_addr().unwrap(), Arc::<Mutex<Received>>::default());
        let into = received.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let into = into.clone();
                thread::spawn(move || while take(&stream, &into).is_some() {});
            }
        });
        Self { address, received }
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to.
    pub(super) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for the spans of which `is_wanted` is true.
    pub(super) fn spans(&self, what: &str, is_wanted: impl Fn(&Span) -> bool) -> Vec<Span> {
        let found = || -> Vec<Span> {
            self.received.lock().unwrap().spans.iter().filter(|span| is_wanted(span)).cloned().collect()
        };
        wait_until(what, || !found().is_empty());
        found()
    }

    /// The heads of the requests.
    pub(super) fn heads(&self) -> Vec<String> {
        self.received.lock().unwrap().heads.clone()
    }

    /// An attribute of whoever sent the last spans.
    pub(super) fn resource(&self, key: &str) -> Option<String> {
        attribute(&self.received.lock().unwrap().resource, key)
    }

    /// All that was received, to look for what must not be in it.
    pub(super) fn all(&self) -> String {
        format!("{:?}", self.received.lock().unwrap().spans)
    }
}

/// Takes one request of a connection and answers it; `None` at its end.
fn take(mut stream: &TcpStream, into: &Mutex<Received>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        stream.read_exact(&mut octet).ok()?;
        head.extend(octet);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap()];
    stream.read_exact(&mut body).ok()?;
    let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    let mut received = into.lock().unwrap();
    received.heads.push(head);
    for spans in request.resource_spans {
        received.resource = spans.resource.map(|resource| resource.attributes).unwrap_or_default();
        received.spans.extend(spans.scope_spans.into_iter().flat_map(|scope| scope.spans));
    }
    drop(received);
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n").ok()
}

/// An attribute as text.
pub(super) fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.clone()? {
        AnyValue { value: Some(any_value::Value::StringValue(text)) } => Some(text),
        AnyValue { value: Some(any_value::Value::IntValue(number)) } => Some(number.to_string()),
        other => panic!("{key}: {other:?}"),
    }
}
