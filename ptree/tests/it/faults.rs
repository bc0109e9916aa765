//! Connections that fail: both sides end, and keep only what is true.

use std::time::Duration;

use ptree::session::{Deadline, SessionError};
use ptree::testing::{Pair, Path, Random};

/// A connection that is lost after any octet leaves two ended sessions, whose elements are differences.
#[test]
fn a_connection_may_be_lost_at_any_octet() {
    let [lead, follow] = Random::new(51).two_sets(300, [9, 12]);
    let pair = Pair::new(&lead, &follow);
    let whole = pair.run();
    let octets = whole.lead.work.octets_in + whole.lead.work.octets_out;
    assert!(octets > 1000);
    for lost_after in 0..octets {
        let path = Path { lost_after: Some(lost_after), ..Path::default() };
        let finished = Pair { path, ..pair.clone() }.run();
        assert!(finished.lead.learned.iter().all(|element| follow.contains(element) && !lead.contains(element)));
        assert!(finished.follow.learned.iter().all(|element| lead.contains(element) && !follow.contains(element)));
        let failed = [&finished.lead.result, &finished.follow.result].map(Result::is_err);
        assert!(failed[0] || failed[1], "lost after {lost_after} of {octets} octets, and nobody noticed");
    }
}

/// A connection that is far too slow ends in time, and what was learned before is kept.
#[test]
fn a_connection_may_be_too_slow() {
    let [lead, follow] = Random::new(52).two_sets(3000, [200, 200]);
    let pair = Pair::new(&lead, &follow);
    let path = Path { fragment: 1, drip: Duration::from_millis(500), ..Path::default() };
    let finished = Pair { path, ..pair.clone() }.run();
    assert_eq!(finished.lead.result, Err(SessionError::TimedOut(Deadline::Handshake)));
    let path = Path { fragment: 1, drip: Duration::from_millis(25), ..Path::default() };
    let mut slow = Pair { path, ..pair };
    slow.limits.session = Duration::from_secs(300);
    slow.limits.reply = slow.limits.session;
    slow.limits.idle = slow.limits.session;
    let finished = slow.run();
    assert!(finished.elapsed <= slow.limits.session + slow.limits.closing);
    assert_eq!(finished.lead.result, Err(SessionError::TimedOut(Deadline::Session)));
    assert!(finished.lead.learned.iter().all(|element| follow.contains(element)));
}
