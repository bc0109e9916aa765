//! Requests that were made for another implementation, and what this one answers.

use ptree::session::{Limits, Session};
use ptree::wire::Message;
use serde_json::Value;

use crate::support::{Set, below, close, drain, elements, encoded, follow, messages, octets, vectors};

/// Where the other implementation is right the answers are the same; where it answers for the whole
/// leaf, or fails to answer with a small leaf, ours is exact.
#[test]
fn crafted_requests_are_answered() {
    for vector in vectors("reactive_replies.json").as_array().unwrap() {
        let note = vector["note"].as_str().unwrap();
        let own = elements(&vector["reactive_set_le17"]);
        let request = octets(vector["request_hex"].as_str().unwrap());
        let (mut session, mut written) = follow(&own, &Limits::default());
        session.receive(&request, std::time::Duration::ZERO);
        session.receive(&encoded(&Message::Flush), std::time::Duration::ZERO);
        written.extend(drain(&mut session, std::time::Duration::ZERO));
        let [reply] = &messages(&written)[..] else { panic!("{note}: not one reply") };
        check(reply, &Message::decode(&request[4..]).unwrap(), &own, vector);
        let learned: Set = close(session).learned.into_iter().collect();
        assert_eq!(learned, elements(&vector["reactive_learns_le17"]), "{note}");
    }
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
