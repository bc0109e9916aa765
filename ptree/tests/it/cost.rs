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

/// What known implementations need for as many differences, measured once: `octets` of requests and replies, per
/// difference, without the handshake, `Flush` and `Done`.
struct Known {
    polynomials: u64,
    fulls: u64,
    flushes: u64,
    octets: u64,
}

const ROUND_TRIP: Duration = Duration::from_millis(100);
/// Config and status of one side.
const HANDSHAKE_OCTETS: u64 = 140;
/// `Flush` or `Done`.
const MARK_OCTETS: u64 = 5;

fn cost(differences: u64, known: &Known) -> Cost {
    let own = usize::try_from(differences / 2).unwrap();
    let [lead, follow] = Random::new(differences).two_sets(1_000_000, [own; 2]);
    let path = Path { latency: ROUND_TRIP / 2, ..Path::default() };
    let finished = Pair { path, ..Pair::new(&lead, &follow) }.run();
    assert_eq!(finished.lead.learned, only(&follow, &lead));
    assert_eq!(finished.follow.learned, only(&lead, &follow));
    let work = finished.lead.work;
    let cost = Cost {
        polynomials: work.polynomials,
        sync_fails: work.sync_fails,
        fulls: work.fulls,
        full_elements: work.full_elements,
        flushes: work.rounds,
        round_trips: finished.elapsed.as_millis() / ROUND_TRIP.as_millis(),
        asked_octets: work.octets_out - HANDSHAKE_OCTETS - MARK_OCTETS * (work.rounds + 1),
        answered_octets: work.octets_in - HANDSHAKE_OCTETS,
    };
    assert!(cost.polynomials <= known.polynomials, "{cost:?}");
    assert!(cost.fulls + cost.full_elements <= known.fulls, "{cost:?}");
    assert!(cost.flushes <= known.flushes, "{cost:?}");
    // Rounded like the known number.
    let octets = (2 * (cost.asked_octets + cost.answered_octets) + differences) / (2 * differences);
    assert!(octets <= known.octets, "{octets} octets: {cost:?}");
    cost
}

/// Twenty differences, as between servers that talk every minute.
#[test]
fn twenty_differences() {
    let expected = Cost {
        polynomials: 13,
        sync_fails: 3,
        fulls: 0,
        full_elements: 0,
        flushes: 3,
        round_trips: 5,
        asked_octets: 1611,
        answered_octets: 275,
    };
    assert_eq!(cost(20, &Known { polynomials: 13, fulls: 0, flushes: 3, octets: 94 }), expected);
}

/// A thousand differences.
#[test]
fn a_thousand_differences() {
    let expected = Cost {
        polynomials: 521,
        sync_fails: 94,
        fulls: 0,
        full_elements: 0,
        flushes: 9,
        round_trips: 11,
        asked_octets: 64_831,
        answered_octets: 12_813,
    };
    assert_eq!(cost(1000, &Known { polynomials: 529, fulls: 0, flushes: 9, octets: 78 }), expected);
}

/// Ten thousand differences.
#[test]
fn ten_thousand_differences() {
    let expected = Cost {
        polynomials: 4720,
        sync_fails: 219,
        fulls: 45,
        full_elements: 4,
        flushes: 44,
        round_trips: 46,
        asked_octets: 626_860,
        answered_octets: 131_123,
    };
    assert_eq!(cost(10_000, &Known { polynomials: 5752, fulls: 53, flushes: 64, octets: 88 }), expected);
}

/// A hundred thousand differences.
#[test]
fn a_hundred_thousand_differences() {
    let expected = Cost {
        polynomials: 15_787,
        sync_fails: 85,
        fulls: 682,
        full_elements: 9078,
        flushes: 249,
        round_trips: 394,
        asked_octets: 3_222_026,
        answered_octets: 10_500_813,
    };
    assert_eq!(cost(100_000, &Known { polynomials: 21_148, fulls: 36_493, flushes: 581, octets: 153 }), expected);
}

/// Nor is it more in the mean of many sets, whose chance makes a tenth more or less.
#[test]
fn the_mean_is_no_worse() {
    for (differences, polynomials) in [(20, 13), (1000, 529)] {
        let sets = 1..=20;
        let asked: u64 = sets
            .clone()
            .map(|seed| {
                let [lead, follow] = Random::new(seed).two_sets(50_000, [differences / 2; 2]);
                Pair::new(&lead, &follow).run().lead.work.polynomials
            })
            .sum();
        assert!(asked <= polynomials * sets.count() as u64, "{differences}: {asked}");
    }
}
