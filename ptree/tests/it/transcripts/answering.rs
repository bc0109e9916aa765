//! This implementation in the initiator's place.

use std::time::Duration;

use ptree::session::{Chosen, Follow, Limits, Offer, Session};
use ptree::testing::{Random, tree};
use ptree::wire::Message;
use serde_json::Value;

use super::recording::Recording;
use super::{End, end};
use crate::support::{Set, below, drain, elements, messages, prefix};

pub fn check(recording: &Recording, expected: End) {
    let name = &recording.name;
    let own = recording.initiator.set.clone().unwrap();
    let filters = recording.config("i>a").map(|config| config.filters).unwrap_or_default();
    let mut random = Random::new(3);
    let chosen = Chosen { filters, tree: tree(&own) };
    let offer = Offer { http_port: 11371 };
    let mut session = Follow::new(&offer, chosen, &Limits::default(), || random.number(), Duration::ZERO);
    let mut written = drain(&mut session, Duration::ZERO);
    session.receive(&recording.written("a>i"), Duration::ZERO);
    written.extend(drain(&mut session, Duration::ZERO));
    session.closed(Duration::ZERO);
    let outcome = session.finish();
    assert_eq!(end(&outcome.result), expected, "{name}: {:?}", outcome.result);
    if matches!(expected, End::Completed | End::Early) {
        replies(recording, &own, &messages(&written));
        let learned: Set = outcome.learned.into_iter().collect();
        if let Some(theirs) = &recording.initiator.learned {
            assert_eq!(learned, *theirs, "{name}");
        }
        assert!(learned.is_disjoint(&own), "{name}");
        if let Some(peer) = &recording.acceptor.set {
            assert!(learned.is_subset(peer), "{name}");
        }
    }
}

fn replies(recording: &Recording, own: &Set, replies: &[Message]) {
    let requests = recording.requests();
    assert_eq!(requests.len(), replies.len(), "{}: one reply for each request", recording.name);
    for ((request, theirs), ours) in requests.into_iter().zip(replies) {
        let node = prefix(request["prefix"].as_str().unwrap());
        let what = format!("{}: {node}", recording.name);
        if request["msg"] == "ReconRqstFull" {
            let asked = elements(&request["elements"]);
            let exact: Vec<_> = below(own, node).difference(&asked).copied().collect();
            assert_eq!(*ours, Message::Elements(exact), "{what}");
        } else {
            solved(&what, &below(own, node), theirs, ours);
        }
    }
}

/// What samples are answered with: what the recorded implementation found, or all where that is little.
fn solved(what: &str, part: &Set, theirs: Option<&Value>, ours: &Message) {
    let kind = theirs.and_then(|reply| reply["msg"].as_str());
    match ours {
        Message::Elements(found) => {
            assert!(matches!(kind, Some("Elements" | "Error")), "{what}: {kind:?}");
            let theirs = theirs.filter(|_| kind == Some("Elements")).map(|reply| elements(&reply["elements"]));
            assert!(theirs.is_none_or(|theirs| theirs == found.iter().copied().collect()), "{what}");
        }
        Message::FullElements(all) => {
            assert!(kind != Some("Elements") && all.len() <= 150, "{what}");
            assert_eq!(*all, part.iter().copied().collect::<Vec<_>>(), "{what}");
        }
        Message::SyncFail => assert!(kind == Some("SyncFail") && part.len() > 150, "{what}"),
        other => panic!("{what}: answered by {}", other.kind().name()),
    }
}
