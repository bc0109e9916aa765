//! This implementation in the acceptor's place.

use std::collections::BTreeMap;
use std::time::Duration;

use ptree::session::{Chosen, Lead, Limits, Offer, Session};
use ptree::testing::tree;
use ptree::wire::Message;
use ptree::{Element, Prefix};
use serde_json::Value;

use super::recording::Recording;
use super::{End, end};
use crate::support::{Set, below, drain, elements, frames, full, octets, poly, prefix};

pub fn check(recording: &Recording, expected: End) {
    let own = recording.acceptor.set.clone().unwrap();
    let mut lead = Lead::new(&Offer { http_port: 11371 }, &Limits::default(), Duration::ZERO);
    lead.receive(&recording.handshake("i>a"), Duration::ZERO);
    if let Some(peer) = lead.choice().cloned() {
        let ours = recording.config("a>i").map_or_else(|| peer.filters.clone(), |config| config.filters);
        let fits = ours == peer.filters;
        let chosen = Chosen { filters: ours, tree: tree(&own) };
        lead.choose(fits.then_some(chosen).ok_or_else(|| "other filters".to_owned()), Duration::ZERO);
    }
    // The configuration and the word.
    let written = drain(&mut lead, Duration::ZERO);
    let (asked, given) = if matches!(expected, End::Completed | End::Rejected) {
        converse(recording, &mut lead, &own, after_handshake(&written))
    } else {
        Default::default()
    };
    lead.closed(Duration::ZERO);
    let outcome = lead.finish();
    assert_eq!(end(&outcome.result), expected, "{}: {:?}", recording.name, outcome.result);
    let learned: Set = outcome.learned.into_iter().collect();
    if expected == End::Completed {
        complete(recording, &own, &asked, &given, &learned);
    } else {
        assert!(learned.is_empty());
    }
}

/// Answers each request with the recorded reply about the same node, until the session says that it is done.
fn converse(recording: &Recording, lead: &mut Lead, own: &Set, first: Vec<Message>) -> (Vec<Prefix>, Set) {
    let name = &recording.name;
    let recorded: BTreeMap<Prefix, Option<&Value>> = recording
        .requests()
        .into_iter()
        .map(|(request, reply)| (prefix(request["prefix"].as_str().unwrap()), reply))
        .collect();
    let (mut asked, mut given, mut replies) = (Vec::new(), Set::new(), Vec::new());
    let mut written = first;
    while !written.is_empty() {
        for message in std::mem::take(&mut written) {
            match message {
                Message::Poly { prefix, .. } | Message::Full { prefix, .. } => {
                    let question = if matches!(message, Message::Poly { .. }) { poly } else { full };
                    assert_eq!(message, question(own, prefix), "{name}: what is asked about {prefix}");
                    let reply = recorded.get(&prefix).copied().flatten();
                    let reply = reply.unwrap_or_else(|| panic!("{name}: {prefix} was not asked about"));
                    replies.extend(octets(reply["hex"].as_str().unwrap()));
                    asked.push(prefix);
                }
                Message::Elements(elements) => given.extend(elements),
                Message::Flush => lead.receive(&std::mem::take(&mut replies), Duration::ZERO),
                Message::Done => assert!(replies.is_empty(), "{name}: done without having waited"),
                other => panic!("{name}: {} is not for this role", other.kind().name()),
            }
        }
        written = frames(&drain(lead, Duration::ZERO));
    }
    (asked, given)
}

fn complete(recording: &Recording, own: &Set, asked: &[Prefix], given: &Set, learned: &Set) {
    let name = &recording.name;
    let mut nodes = asked.to_vec();
    nodes.sort();
    let mut recorded: Vec<Prefix> =
        recording.requests().iter().map(|(request, _)| prefix(request["prefix"].as_str().unwrap())).collect();
    recorded.sort();
    assert_eq!(nodes, recorded, "{name}: the nodes asked about");
    let reported: Set = recording
        .requests()
        .into_iter()
        .flat_map(|(request, reply)| {
            let node = prefix(request["prefix"].as_str().unwrap());
            let listed = reply.and_then(|reply| reply.get("elements")).map(elements).unwrap_or_default();
            below(&listed, node)
        })
        .collect();
    assert_eq!(*learned, reported.difference(own).copied().collect::<Set>(), "{name}: what is learned");
    if let Some(peer) = &recording.initiator.set {
        assert_eq!(
            learned.iter().copied().collect::<Vec<Element>>(),
            ptree::testing::only(peer, own),
            "{name}: all of it"
        );
        assert!(given.is_disjoint(peer) && given.is_subset(own), "{name}: what is given is lacking there");
    }
}

fn after_handshake(written: &[u8]) -> Vec<Message> {
    crate::support::messages(written)
}
