//! Every message of the recorded implementations, read and written.

use ptree::wire::hello::Pairs;
use ptree::wire::{Kind, Message, PeerConfig, Status, Text};
use ptree::{Prefix, PrefixError};
use serde_json::Value;

use crate::support::{elements, encoded, hex, octets, prefix, vectors};

/// The octets that other implementations write mean what they meant, and are written the same.
#[test]
fn recorded_messages_are_read_and_written() {
    let vectors = vectors("messages.json");
    let mut seen = Vec::new();
    for vector in vectors["messages"].as_array().unwrap() {
        let name = vector["name"].as_str().unwrap();
        let octets = octets(vector["hex"].as_str().unwrap());
        let (length, frame) = octets.split_first_chunk().unwrap();
        assert_eq!(u32::from_be_bytes(*length) as usize, frame.len(), "{name}");
        let kind = Kind::from_number(frame[0]).unwrap();
        seen.push(kind);
        if kind == Kind::Config {
            config(frame, &vector["fields"], &octets);
        } else if name.contains("illegal") {
            assert_eq!(Message::decode(frame), Err(PrefixError::Odd(9).into()), "{name}");
        } else {
            message(frame, &vector["fields"], &octets, name);
        }
    }
    assert!(Kind::ALL.iter().all(|kind| seen.contains(kind)), "a type without a vector");
}

fn message(frame: &[u8], fields: &Value, octets: &[u8], name: &str) {
    let message = Message::decode(frame).unwrap_or_else(|error| panic!("{name}: {error}"));
    check_fields(&message, fields, name);
    let again = encoded(&message);
    if fields.get("elements_le17_sorted").is_none() {
        assert_eq!(hex(&again), hex(octets), "{name}");
    }
    assert_eq!(Message::decode(&again[4..]), Ok(message), "{name}");
}

fn check_fields(message: &Message, fields: &Value, name: &str) {
    let listed = |key: &str| elements(&fields[key]).into_iter().collect::<Vec<_>>();
    let key = if fields.get("elements_le17").is_some() { "elements_le17" } else { "elements_le17_sorted" };
    match message {
        Message::Poly { prefix: node, size, samples } => {
            assert_eq!(*node, prefix(fields["prefix"].as_str().unwrap()), "{name}");
            assert_eq!(u64::from(*size), fields["size"].as_u64().unwrap(), "{name}");
            let values: Vec<String> = samples.values().iter().map(|value| hex(&value.to_le17())).collect();
            assert_eq!(Value::from(values), fields["samples_le17"], "{name}");
        }
        Message::Full { prefix: node, elements } => {
            assert_eq!(*node, prefix(fields["prefix"].as_str().unwrap()), "{name}");
            assert_eq!(*elements, listed(key), "{name}");
        }
        Message::Elements(elements) | Message::FullElements(elements) => assert_eq!(*elements, listed(key), "{name}"),
        Message::Error(text) | Message::DbRqst(text) | Message::DbRepl(text) => {
            assert_eq!(Some(text.as_str()), fields["text"].as_str(), "{name}");
        }
        Message::SyncFail | Message::Done | Message::Flush => {}
    }
}

fn config(frame: &[u8], fields: &Value, octets: &[u8]) {
    let config = Pairs::decode(&frame[1..]).unwrap().config().unwrap();
    assert_eq!(Some(config.version.as_str()), fields["version"].as_str());
    assert_eq!(Some(config.filters.as_str()), fields["filters"].as_str());
    assert_eq!(Some(u64::from(config.http_port)), fields["http port"].as_u64());
    assert_eq!(Some(u64::from(config.bitquantum)), fields["bitquantum"].as_u64());
    assert_eq!(Some(u64::from(config.mbar)), fields["mbar"].as_u64());
    let custom = fields.get("custom").and_then(Value::as_object);
    assert_eq!(config.extra.len(), custom.map_or(0, serde_json::Map::len));
    let mut again = Vec::new();
    config.encode(&mut again);
    assert_eq!(hex(&again), hex(octets));
}

/// What this crate says of itself is what the recorded implementations say, octet by octet.
#[test]
fn our_configuration_is_like_theirs() {
    let vectors = vectors("messages.json");
    let theirs = vectors["messages"].as_array().unwrap().iter().find(|vector| vector["fields"]["filters"] == "");
    let mut ours = Vec::new();
    PeerConfig::ours("", 11371).encode(&mut ours);
    assert_eq!(hex(&ours), theirs.unwrap()["hex"].as_str().unwrap());
}

/// The words that end the handshake have no frame.
#[test]
fn statuses_are_like_theirs() {
    let vectors = vectors("messages.json");
    let words = &vectors["raw_status_strings_no_frame"];
    for (status, key) in
        [(Status::Passed, "passed"), (Status::Failed(Text::new("mismatched filters")), "failed+reason")]
    {
        let mut out = Vec::new();
        status.encode(&mut out);
        assert_eq!(hex(&out), words[key].as_str().unwrap());
    }
}

/// Bit strings are read as they were written; those of odd length name no node.
#[test]
fn bit_strings_are_prefixes() {
    for vector in vectors("messages.json")["bitstrings"].as_array().unwrap() {
        let bits = vector["bits"].as_str().unwrap();
        let written = octets(vector["hex"].as_str().unwrap());
        let length = u32::try_from(bits.len()).unwrap();
        let read = Prefix::from_octets(length, &written[8..]);
        if length.is_multiple_of(2) {
            let message = Message::Full { prefix: read.unwrap(), elements: Vec::new() };
            assert_eq!(read.unwrap().to_string(), bits);
            assert_eq!(encoded(&message)[5..5 + written.len()], written);
        } else {
            assert_eq!(read, Err(PrefixError::Odd(length)));
        }
    }
}
