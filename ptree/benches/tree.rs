//! Building, changing and asking trees of a million elements.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ptree::{Element, Prefix, Tree};

const ELEMENTS: u64 = 1_000_000;

/// A random number of the generator SplitMix64.
fn mixed(count: u64) -> u64 {
    let seed = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let seed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ seed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ seed >> 31
}

fn element(count: u64) -> Option<Element> {
    let number = u128::from(mixed(2 * count)) << 64 | u128::from(mixed(2 * count + 1));
    Element::new(number.to_be_bytes())
}

fn benchmark(criterion: &mut Criterion) {
    let mut elements: Vec<Element> = (1..=ELEMENTS).filter_map(element).collect();
    elements.sort_unstable();
    let tree: Tree = elements.iter().copied().collect();
    let others: Vec<Element> = (0..ELEMENTS).filter_map(|count| element(count + 2 * ELEMENTS)).collect();
    let mut group = criterion.benchmark_group("tree");
    group.sample_size(20);
    group.throughput(Throughput::Elements(ELEMENTS));
    group.bench_function("build", |bencher| bencher.iter_with_large_drop(|| Tree::from_sorted(black_box(&elements))));
    group.bench_function("check", |bencher| bencher.iter(|| tree.check()));
    group.throughput(Throughput::Elements(1));
    group.bench_function("insert and remove", |bencher| {
        let mut changed = tree.clone();
        let mut next = others.iter().copied().cycle();
        bencher.iter(|| next.next().map(|element| changed.insert(element) && changed.remove(element)));
    });
    group.bench_function("insert below a snapshot", |bencher| {
        let mut next = others.iter().copied().cycle();
        let clone = || (tree.clone(), next.next());
        bencher.iter_batched(
            clone,
            |(mut changed, element)| {
                element.map(|element| changed.insert(element));
                changed
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("a leaf's samples", |bencher| {
        let [_, _, _, mut prefix] = Prefix::ROOT.children().unwrap_or([Prefix::ROOT; 4]);
        while !tree.node(prefix).is_leaf {
            let Some([first, ..]) = prefix.children() else { break };
            prefix = first;
        }
        bencher.iter(|| tree.node(black_box(prefix)));
    });
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
