//! The log of a real server, as programs that collect logs read it.

use serde_json::Value;

use crate::support::backend::Backend;
use crate::support::request::send;
use crate::support::server::Server;

/// What a server logs in a format while it answers one request by the name `asked-by-test`.
fn log(format: &str) -> Vec<String> {
    let mut server = Server::start_with(Backend::sqlite(), &[("LOG_FORMAT", format)]);
    let fields = "X-Request-Id: asked-by-test\r\n";
    assert_eq!(send(server.address(), "GET", "/pks/stats", fields, b"").unwrap().status, 200);
    assert!(server.stop().success());
    // The first line is the announcement on standard output.
    let lines: Vec<String> = server.log().lines().map(str::to_owned).collect();
    lines.into_iter().filter(|line| !line.starts_with("Hockeypuck ")).collect()
}

/// RFC 3339 in UTC, to less than a second.
fn is_time(text: &str) -> bool {
    text.ends_with('Z') && text.contains('.') && text.parse::<jiff::Timestamp>().is_ok()
}

/// Each line is one object with time, level, target and message, and the fields beside them.
#[test]
fn json_is_flat() {
    let lines: Vec<Value> = log("json").iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        assert!(is_time(line["timestamp"].as_str().unwrap()), "{line}");
        assert!(["INFO", "WARN"].contains(&line["level"].as_str().unwrap()), "{line}");
        assert!(line["target"].as_str().unwrap().starts_with("hockeypuck::"), "{line}");
        assert!(line["message"].is_string(), "{line}");
        let nested = line.as_object().unwrap().values().find(|value| value.is_object() || value.is_array());
        assert_eq!(nested, None, "{line}");
    }
    let request = lines.iter().find(|line| line["request_id"] == "asked-by-test").unwrap();
    assert_eq!((&request["route"], &request["status"]), (&"/pks/stats".into(), &200.into()));
    assert!(request["duration_ms"].is_u64() && request["octets"].is_u64(), "{request}");
}

/// Each line is one row of keys and values that begins with time and level.
#[test]
fn logfmt_is_flat() {
    let lines = log("logfmt");
    for line in &lines {
        let mut words = line.split(' ');
        assert!(is_time(words.next().unwrap().strip_prefix("ts=").unwrap()), "{line}");
        assert!(["level=info", "level=warn"].contains(&words.next().unwrap()), "{line}");
        assert!(words.next().unwrap().starts_with("target=hockeypuck::"), "{line}");
    }
    let request = lines.iter().find(|line| line.contains(" request_id=asked-by-test")).unwrap();
    assert!(request.contains(" route=/pks/stats ") && request.contains(" status=200 "), "{request}");
}
