//! What reconciling costs: for fixed sets the counts never change unnoticed, and stay below those of
//! the implementations that exist.

use std::time::Duration;

use ptree::testing::{Pair, Path, Random, only};

/// The cost of one session between two sets of a million common elements.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    polynomials: u64,
    sync_fails: u64,
    fulls: u64,
    full_elements: u64,
    flushes: u64,
    /// Round trips that the whole session took, with the handshake.
    round_trips: u128,
    asked_octets: u64,
    answered_octets: u64,
}

const ROUND_TRIP: Duration = Duration::from_millis(100);

fn cost(differences: usize) -> Cost {
    let [lead, follow] = Random::new(differences as u64).two_sets(1_000_000, [differences / 2; 2]);
    let path = Path { latency: ROUND_TRIP / 2, ..Path::default() };
    let finished = Pair { path, ..Pair::new(&lead, &follow) }.run();
    assert_eq!(finished.lead.learned, only(&follow, &lead));
    assert_eq!(finished.follow.learned, only(&lead, &follow));
    let work = finished.lead.work;
    Cost {
        polynomials: work.polynomials,
        sync_fails: work.sync_fails,
        fulls: work.fulls,
        full_elements: work.full_elements,
        flushes: work.rounds,
        round_trips: finished.elapsed.as_millis() / ROUND_TRIP.as_millis(),
        asked_octets: work.octets_out,
        answered_octets: work.octets_in,
    }
}

/// Twenty differences, as between servers that talk every minute. Known implementations: 13 polynomials,
/// 3 flushes, 1.9 kB without the handshake.
#[test]
fn twenty_differences() {
    let expected = Cost {
        polynomials: 13,
        sync_fails: 3,
        fulls: 0,
        full_elements: 0,
        flushes: 3,
        round_trips: 5,
        asked_octets: 1771,
        answered_octets: 415,
    };
    assert_eq!(cost(20), expected);
}

/// A thousand differences. Known implementations: about 530 polynomials, 9 flushes, 77 kB.
#[test]
fn a_thousand_differences() {
    let expected = Cost {
        polynomials: 569,
        sync_fails: 142,
        fulls: 0,
        full_elements: 0,
        flushes: 9,
        round_trips: 11,
        asked_octets: 70_973,
        answered_octets: 13_193,
    };
    assert_eq!(cost(1000), expected);
}

/// Ten thousand differences. Known implementations: 5,752 polynomials, 64 flushes, 0.88 MB.
#[test]
fn ten_thousand_differences() {
    let expected = Cost {
        polynomials: 5724,
        sync_fails: 1442,
        fulls: 45,
        full_elements: 4,
        flushes: 61,
        round_trips: 63,
        asked_octets: 752_522,
        answered_octets: 135_407,
    };
    assert_eq!(cost(10_000), expected);
}

/// A hundred thousand differences. Known implementations: 21,148 polynomials, 36,493 whole nodes,
/// 581 flushes (each a round trip), 15.3 MB.
#[test]
fn a_hundred_thousand_differences() {
    let expected = Cost {
        polynomials: 21_163,
        sync_fails: 5461,
        fulls: 682,
        full_elements: 9078,
        flushes: 376,
        round_trips: 242,
        asked_octets: 3_895_763,
        answered_octets: 10_527_833,
    };
    assert_eq!(cost(100_000), expected);
}
