//! Solving differences of some sizes.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ptree::{Element, Samples, solve};

/// A random number of the generator SplitMix64.
fn mixed(count: u64) -> u64 {
    let seed = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let seed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ seed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ seed >> 31
}

fn elements(from: u64, count: u64) -> impl Iterator<Item = Element> {
    (from..from + count).filter_map(|count| {
        let number = u128::from(mixed(2 * count)) << 64 | u128::from(mixed(2 * count + 1));
        Element::new(number.to_be_bytes())
    })
}

fn benchmark(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("solve");
    for (remote, local) in [(0, 0), (1, 0), (2, 1), (3, 2), (5, 0), (10, 9)] {
        let common = || elements(1, 100);
        let remote_samples = Samples::of(common().chain(elements(1_000, remote)));
        let local_samples = Samples::of(common().chain(elements(2_000, local)));
        let difference = remote.cast_signed() - local.cast_signed();
        let name = if remote + local > 5 { "unsolvable".to_owned() } else { format!("{remote},{local}") };
        group.bench_function(name, |bencher| {
            let mut count = 0;
            let mut random = || {
                count += 1;
                mixed(count)
            };
            bencher.iter(|| solve(black_box(&remote_samples), black_box(&local_samples), difference, &mut random));
        });
    }
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
