//! Requests that were made for another implementation, and what this one answers.

use std::time::Duration;

use ptree::session::{Limits, Misbehaviour, Outcome, Session};
use ptree::wire::{Kind, Message};
use serde_json::Value;

use crate::support::{Set, below, close, drain, elements, encoded, follow, messages, octets, vectors};

/// The answers are the recorded ones, or where those are of another kind or of a wider part, the exact ones.
#[test]
fn crafted_requests_are_answered() {
    for vector in vectors("reactive_replies.json").as_array().unwrap() {
        let note = vector["note"].as_str().unwrap();
        let own = elements(&vector["reactive_set_le17"]);
        let request = Message::decode(&octets(vector["request_hex"].as_str().unwrap())[4..]).unwrap();
        let (request, learns) = honest(request, elements(&vector["reactive_learns_le17"]));
        let (reply, outcome) = answer(&own, &request);
        check(&reply, &request, &own, vector);
        assert_eq!(outcome.learned.into_iter().collect::<Set>(), learns, "{note}");
    }
}

/// A request with elements outside of its prefix is refused.
#[test]
fn elements_outside_of_the_prefix_are_refused() {
    let vectors = vectors("reactive_replies.json");
    let vector = &vectors[5];
    let request = Message::decode(&octets(vector["request_hex"].as_str().unwrap())[4..]).unwrap();
    assert_ne!(honest(request.clone(), Set::new()).0, request);
    let (reply, outcome) = answer(&elements(&vector["reactive_set_le17"]), &request);
    assert_eq!(reply.kind(), Kind::Error);
    assert_eq!(outcome.result, Err(Misbehaviour::OutsidePrefix.into()));
    assert!(outcome.learned.is_empty());
}

/// The request without elements outside of its prefix, and what is left to learn from it.
fn honest(request: Message, learns: Set) -> (Message, Set) {
    let Message::Full { prefix, mut elements } = request else { return (request, learns) };
    elements.retain(|element| prefix.contains(*element));
    (Message::Full { prefix, elements }, below(&learns, prefix))
}

fn answer(own: &Set, request: &Message) -> (Message, Outcome) {
    let (mut session, mut written) = follow(own, &Limits::default());
    session.receive(&[encoded(request), encoded(&Message::Flush)].concat(), Duration::ZERO);
    written.extend(drain(&mut session, Duration::ZERO));
    let [reply] = &messages(&written)[..] else { panic!("not one reply") };
    (reply.clone(), close(session))
}

fn check(reply: &Message, request: &Message, own: &Set, vector: &Value) {
    let note = vector["note"].as_str().unwrap();
    let theirs = &vector["replies"][0];
    let kind = theirs["type"].as_str().unwrap();
    match (request, reply) {
        (Message::Full { prefix, elements: asked }, Message::Elements(reply)) => {
            let exact: Vec<_> = below(own, *prefix).into_iter().filter(|element| !asked.contains(element)).collect();
            assert_eq!(*reply, exact, "{note}");
            assert!(elements(&theirs["elements_le17"]).is_superset(&exact.into_iter().collect()), "{note}");
        }
        (Message::Poly { .. }, Message::Elements(reply)) => {
            assert_eq!(kind, "Elements", "{note}");
            assert_eq!(*reply, elements(&theirs["elements_le17"]).into_iter().collect::<Vec<_>>(), "{note}");
        }
        (Message::Poly { prefix, .. }, Message::FullElements(reply)) => {
            assert!(matches!(kind, "FullElements" | "SyncFail"), "{note}");
            assert_eq!(*reply, below(own, *prefix).into_iter().collect::<Vec<_>>(), "{note}");
            assert!(reply.len() <= 150, "{note}");
        }
        (request, reply) => panic!("{note}: {} answered by {}", request.kind().name(), reply.kind().name()),
    }
}
