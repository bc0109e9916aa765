//! What units tell each other.

use std::time::Duration;

use hockeypuck::storage::StorageError;
use hockeypuck::storage::gossip::{DETAIL_OCTETS, NAME_OCTETS, PushState, UnitReport};

use crate::support::store::{World, on_both_engines};

const HOUR: Duration = Duration::from_secs(3600);

on_both_engines! {
    /// A partner has one turn per interval; only the unit whose turn it was may move the next one.
    async fn partners_have_turns(world: World) {
        let gossip = world.store.gossip();
        assert!(gossip.lease_partner("a", "one", HOUR).await.unwrap());
        assert!(!gossip.lease_partner("a", "two", HOUR).await.unwrap());
        assert!(!gossip.lease_partner("a", "one", HOUR).await.unwrap());
        assert!(gossip.lease_partner("b", "two", HOUR).await.unwrap());
        world.execute("UPDATE partners SET next_due = next_due - 3600001 WHERE name = 'a'").await;
        assert!(gossip.lease_partner("a", "two", HOUR).await.unwrap());
        assert!(!gossip.reschedule_partner("a", "one", Duration::ZERO).await.unwrap());
        assert!(gossip.reschedule_partner("a", "two", Duration::ZERO).await.unwrap());
        assert!(gossip.lease_partner("a", "one", Duration::ZERO).await.unwrap());
        assert!(gossip.lease_partner("a", "one", HOUR).await.unwrap());
        assert!(!gossip.reschedule_partner("nobody", "one", Duration::ZERO).await.unwrap());
    }
}

on_both_engines! {
    /// The last event of each kind is kept, also of partners that never had a turn.
    async fn partners_have_events(world: World) {
        let gossip = world.store.gossip();
        gossip.partner_event("b", "session", "one", "first").await.unwrap();
        gossip.partner_event("b", "session", "two", "second").await.unwrap();
        gossip.partner_event("b", "fetch", "one", "{}").await.unwrap();
        gossip.lease_partner("a", "one", HOUR).await.unwrap();
        gossip.partner_event("c", "fetch", "one", "").await.unwrap();
        let states = gossip.partner_states(10).await.unwrap();
        let told: Vec<_> = states
            .iter()
            .map(|state| {
                let event = |e: &hockeypuck::storage::gossip::PartnerEvent| format!("{} {} {}", e.kind, e.unit, e.detail);
                (state.name.as_str(), state.owner.as_deref(), state.events.iter().map(event).collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(told, [
            ("a", Some("one"), vec![]),
            ("b", None, vec!["fetch one {}".to_owned(), "session two second".to_owned()]),
            ("c", None, vec!["fetch one ".to_owned()]),
        ]);
        assert!(states[0].next_due > 0 && states[1].next_due == 0);
        assert!(states[1].events[0].at > 1_700_000_000_000);
        assert_eq!(gossip.partner_states(2).await.unwrap(), states[..2]);
        assert!(gossip.lease_partner("b", "one", HOUR).await.unwrap());
    }
}

on_both_engines! {
    /// A unit's start stays, everything else is as last told.
    async fn units_are_seen(world: World) {
        let gossip = world.store.gossip();
        gossip.unit_seen(UnitReport { unit: "b", position: None, state: b"" }).await.unwrap();
        gossip.unit_seen(UnitReport { unit: "a", position: Some(7), state: b"\0\xff" }).await.unwrap();
        world.execute("UPDATE units SET started_at = 5, seen_at = seen_at - 60000").await;
        gossip.unit_seen(UnitReport { unit: "b", position: Some(9), state: b"new" }).await.unwrap();
        let units = gossip.units(10).await.unwrap();
        let told: Vec<_> = units.iter().map(|u| (u.unit.as_str(), u.started_at, u.position, u.state.as_slice())).collect();
        assert_eq!(told, [("a", 5, Some(7), &b"\0\xff"[..]), ("b", 5, Some(9), b"new")]);
        assert!(units[0].silent_for >= 60_000 && units[1].silent_for < 60_000, "{units:?}");
        assert_eq!(gossip.units(1).await.unwrap().len(), 1);
        gossip.unit_gone("a").await.unwrap();
        assert_eq!(gossip.units(10).await.unwrap().len(), 1);
    }
}

on_both_engines! {
    /// Requests come in order to who follows them, and each unit answers once.
    async fn requests_are_answered(world: World) {
        let gossip = world.store.gossip();
        assert_eq!(gossip.last_request().await.unwrap(), 0);
        let first = gossip.request("rebuild").await.unwrap();
        let second = gossip.request("check").await.unwrap();
        assert_eq!(gossip.last_request().await.unwrap(), second);
        let told = |requests: Vec<hockeypuck::storage::gossip::UnitRequest>| {
            requests.into_iter().map(|one| (one.id, one.kind)).collect::<Vec<_>>()
        };
        assert_eq!(told(gossip.requests(0, 10).await.unwrap()), [(first, "rebuild".into()), (second, "check".into())]);
        assert_eq!(told(gossip.requests(0, 1).await.unwrap()).len(), 1);
        assert_eq!(told(gossip.requests(first, 10).await.unwrap()), [(second, "check".into())]);
        gossip.answer(first, "b", "half").await.unwrap();
        gossip.answer(first, "a", "done").await.unwrap();
        gossip.answer(first, "b", "done too").await.unwrap();
        gossip.answer(second + 1, "a", "to nobody").await.unwrap();
        let answers = gossip.answers(first, 10).await.unwrap();
        let told: Vec<_> = answers.iter().map(|one| (one.unit.as_str(), one.text.as_str())).collect();
        assert_eq!(told, [("a", "done"), ("b", "done too")]);
        assert_eq!(gossip.answers(first, 1).await.unwrap().len(), 1);
        assert_eq!(gossip.answers(second, 10).await.unwrap(), []);
    }
}

on_both_engines! {
    /// The state of pushes is read as it was written.
    async fn pushes_are_resumed(world: World) {
        let gossip = world.store.gossip();
        assert_eq!(gossip.push_state("hkp://b").await.unwrap(), None);
        let new = PushState { position: 3, ..PushState::default() };
        let old = PushState { position: 9, last_sync: Some(1), failures: 2, last_error: Some("refused".into()) };
        gossip.put_push_state("hkp://b", &new).await.unwrap();
        gossip.put_push_state("hkp://a", &new).await.unwrap();
        gossip.put_push_state("hkp://b", &old).await.unwrap();
        assert_eq!(gossip.push_state("hkp://b").await.unwrap(), Some(old.clone()));
        assert_eq!(gossip.push_states(10).await.unwrap(), [("hkp://a".into(), new), ("hkp://b".into(), old)]);
        assert_eq!(gossip.push_states(1).await.unwrap().len(), 1);
    }
}

on_both_engines! {
    /// What was not heard of goes with all that hangs on it; the rest stays.
    async fn the_silent_are_forgotten(world: World) {
        let gossip = world.store.gossip();
        let stays = gossip.request("old").await.unwrap();
        gossip.answer(stays, "one", "").await.unwrap();
        for name in ["a", "b"] {
            gossip.lease_partner(name, "one", Duration::ZERO).await.unwrap();
            gossip.partner_event(name, "session", "one", "").await.unwrap();
            gossip.unit_seen(UnitReport { unit: name, position: None, state: b"" }).await.unwrap();
            gossip.put_push_state(name, &PushState::default()).await.unwrap();
        }
        for age in [
            "UPDATE partners SET next_due = next_due - 7200000",
            "UPDATE partner_events SET at = at - 7200000 WHERE partner = 'a'",
            "UPDATE units SET seen_at = seen_at - 7200000 WHERE id = 'a'",
            "UPDATE push_targets SET seen_at = seen_at - 7200000 WHERE target = 'a'",
            "UPDATE unit_requests SET requested_at = requested_at - 7200000",
        ] {
            world.execute(age).await;
        }
        let new = gossip.request("new").await.unwrap();
        gossip.prune_fleet(HOUR, 100).await.unwrap();
        assert_eq!(gossip.partner_states(10).await.unwrap().iter().map(|p| p.name.clone()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(gossip.units(10).await.unwrap().iter().map(|u| u.unit.clone()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(gossip.push_states(10).await.unwrap().iter().map(|p| p.0.clone()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(gossip.requests(0, 10).await.unwrap().iter().map(|r| r.id).collect::<Vec<_>>(), [new]);
        assert_eq!(world.number("SELECT count(*) FROM unit_answers").await, 0);
        assert_eq!(world.number("SELECT count(*) FROM partner_events").await, 1);
    }
}

on_both_engines! {
    /// What is too long is refused, and leaves nothing behind.
    async fn sizes_are_limited(world: World) {
        let gossip = world.store.gossip();
        let (fits, long) = ("x".repeat(DETAIL_OCTETS), "x".repeat(DETAIL_OCTETS + 1));
        let (name, long_name) = ("ä".repeat(NAME_OCTETS / 2), "ä".repeat(NAME_OCTETS / 2 + 1));
        gossip.partner_event(&name, &name, &name, &fits).await.unwrap();
        let refused = |result: Result<(), StorageError>| matches!(result, Err(StorageError::Database(_)));
        assert!(refused(gossip.partner_event("a", "k", "u", &long).await));
        assert!(refused(gossip.partner_event(&long_name, "k", "u", "").await));
        assert!(refused(gossip.unit_seen(UnitReport { unit: "a", position: None, state: long.as_bytes() }).await));
        assert!(refused(gossip.request(&long_name).await.map(drop)));
        assert_eq!(gossip.partner_states(10).await.unwrap().len(), 1);
        assert_eq!(gossip.units(10).await.unwrap(), []);
    }
}
