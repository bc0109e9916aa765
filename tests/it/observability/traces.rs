//! Traces of a real server, as a receiver gets them.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;

use super::receiver::{Receiver, attribute};
use crate::gossip::processes::{metric, recon_address, wait_until};
use crate::support::backend::Backend;
use crate::support::certs::small;
use crate::support::request::{self, send, submit};
use crate::support::server::Server;

/// Supervisors kill after it.
const STOP_LIMIT: Duration = Duration::from_secs(5);

fn traced(receiver: &Receiver, more: &[(&str, &str)]) -> Server {
    let endpoint = receiver.base();
    let variables = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())][..], more].concat();
    Server::start_in(Backend::sqlite(), &variables)
}

fn children<'a>(spans: &'a [Span], parent: &Span) -> Vec<&'a str> {
    spans.iter().filter(|span| span.parent_span_id == parent.span_id).map(|span| span.name.as_str()).collect()
}

/// A request is a span with route, method, status and name, and what it asks of the database hangs below it. What
/// was searched for, and by whom, is nowhere.
#[test]
fn a_request_is_a_span() {
    let receiver = Receiver::start();
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test");
    let server = traced(&receiver, &[("OTEL_SERVICE_NAME", "keys"), attributes]);
    let fields = "X-Request-Id: asked-by-test\r\nUser-Agent: curious/1.0\r\nX-Forwarded-For: 192.0.2.7\r\n";
    let target = "/pks/lookup?op=get&search=alice@example.org";
    assert_eq!(send(server.address(), "GET", target, fields, b"").unwrap().status, 404);
    let is_it = |span: &Span| attribute(&span.attributes, "request_id").is_some_and(|id| id == "asked-by-test");
    let request = receiver.spans("the request", is_it).remove(0);
    assert_eq!(request.name, "GET /pks/lookup");
    let of = |key| attribute(&request.attributes, key);
    assert_eq!(of("http.route").as_deref(), Some("/pks/lookup?op=get"));
    assert_eq!(of("http.request.method").as_deref(), Some("GET"));
    assert_eq!(of("http.response.status_code").as_deref(), Some("404"));
    // Server, by the numbers of the protocol; and a 404 is no error.
    assert_eq!((request.kind, request.status.as_ref().map_or(0, |status| status.code)), (2, 0));
    assert!(request.end_time_unix_nano >= request.start_time_unix_nano);
    let statement = receiver.spans("its statement", |span| span.parent_span_id == request.span_id).remove(0);
    assert_eq!(statement.name, "find::certificates");
    assert_eq!(attribute(&statement.attributes, "db.system.name").as_deref(), Some("sqlite"));
    assert_eq!(receiver.resource("service.name").as_deref(), Some("keys"));
    assert_eq!(receiver.resource("deployment.environment").as_deref(), Some("test"));
    assert!(receiver.heads().iter().all(|head| head.starts_with("POST /v1/traces HTTP/1.1\r\n")));
    let all = receiver.all();
    for secret in ["alice", "192.0.2.7", "curious"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    wait_until("it is counted", || metric(&server, "hockeypuck_trace_spans_total").is_some_and(|sent| sent >= 2.0));
}

/// A submission, a session with a partner and what is fetched from it are spans, too; the end of the server sends
/// what is left.
#[test]
fn submissions_and_gossip_are_spans() {
    let (receiver, recon) = (Receiver::start(), recon_address());
    let allowed = [("RECON_BIND", recon.as_str()), ("CONFLUX_RECON_ALLOWCIDRS", "127.0.0.0/8")];
    let partner = Server::start_with(Backend::sqlite(), &allowed);
    assert_eq!(submit(partner.address(), &small("<there@example.org>").packets()).unwrap().status, 200);
    let http = partner.address().to_string();
    let gossip = [
        ("HOCKEYPUCK_CONFLUX_RECON_GOSSIPINTERVALSECS", "1"),
        ("HOCKEYPUCK_CONFLUX_RECON_PARTNER_SOURCE_RECONADDR", recon.as_str()),
        ("HOCKEYPUCK_CONFLUX_RECON_PARTNER_SOURCE_HTTPADDR", &http),
    ];
    let mut server = traced(&receiver, &gossip);
    for name in ["reconciliation", "recovery"] {
        let spans = receiver.spans(name, |span| span.name == name);
        assert_eq!(attribute(&spans[0].attributes, "peer").as_deref(), Some("source"));
    }
    assert_eq!(submit(server.address(), &small("<here@example.org>").packets()).unwrap().status, 200);
    // At once, so that it can only be the end that sends it.
    assert!(server.stop().success());
    let submission = receiver.spans("the submission", |span| span.name == "submission").remove(0);
    let all = receiver.spans("all", |_| true);
    assert!(all.iter().any(|span| span.name == "POST /pks/add" && span.span_id == submission.parent_span_id));
    assert_eq!(children(&all, &submission), ["find::merge_bases", "put::put"]);
}

/// Nothing is sent of what the sampler leaves out, or when the standard switch is off.
#[test]
fn traces_can_be_left_out() {
    let receiver = Receiver::start();
    let mut unsampled = traced(&receiver, &[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0")]);
    let mut disabled = traced(&receiver, &[("OTEL_SDK_DISABLED", "true")]);
    for server in [&unsampled, &disabled] {
        assert_eq!(request::get(server.address(), "/pks/stats").unwrap().status, 200);
    }
    assert_eq!(metric(&unsampled, "hockeypuck_trace_spans_total"), Some(0.0));
    assert_eq!(metric(&disabled, "hockeypuck_trace_spans_total"), None);
    assert!(unsampled.stop().success() && disabled.stop().success());
    assert!(receiver.heads().is_empty());
}

/// A receiver that takes connections and never answers, or is not there, delays neither answers nor the stop; what
/// is lost is counted and told once.
#[test]
fn a_bad_receiver_harms_nobody() {
    // Connections wait in its queue, and nobody reads from them.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, is_there) in [(hanging.local_addr().unwrap(), true), (refusing, false)] {
        let endpoint = format!("http://{address}");
        let mut server = Server::start_in(Backend::sqlite(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
        let begun = Instant::now();
        for _ in 0..50 {
            assert_eq!(request::get(server.address(), "/pks/health/live").unwrap().status, 200);
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        if !is_there {
            wait_until("lost traces", || {
                metric(&server, "hockeypuck_trace_spans_total").is_some_and(|lost| lost > 0.0)
            });
        }
        let stopping = Instant::now();
        assert!(server.stop().success(), "{}", server.log());
        assert!(stopping.elapsed() < STOP_LIMIT, "{:?}", stopping.elapsed());
        let complaints = server.log().matches("traces were lost").count();
        assert_eq!(complaints, usize::from(!is_there), "{}", server.log());
    }
}
